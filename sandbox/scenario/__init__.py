"""Scenarios: a QEMU command line, QMP commands and expectations in YAML, replayed on a machine.

    scenario = load_scenario(text, "grace-hopper-mig.yaml")     # sandbox.scenario.load
    transcript = replay(scenario, emulate, read_file)           # sandbox.scenario.replay, sandbox.scenario.emulation
    transcript.passed

``format`` declares the format once: the checks of ``load`` and the JSON Schema of ``schema`` follow from it.
``dump`` writes a scenario as YAML. Files are read through a callable that the caller gives; nothing here prints.
"""
