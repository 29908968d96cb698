# shellcheck shell=bash
# How an apt source for another suite is derived from the machine's own: the same URIs and keys, another suite.
# Read by the programs beside it; on its own it does nothing.

# Prints the first stanza of the files after it that serves suite $1, for suite $2 instead.
derive_stanza() {
    local suite=$1 wanted=$2
    shift 2
    awk -v RS= -v suite="$suite" -v wanted="$wanted" '
        {
            count = split($0, lines, "\n"); stanza = ""; serves = 0; binary = 0; enabled = 1; field = ""
            for (i = 1; i <= count; i++) {
                line = lines[i]
                if (line ~ /^#/) continue
                value = line
                if (line !~ /^[ \t]/) {
                    field = tolower(line); sub(/:.*/, "", field)
                    sub(/^[^:]*:/, "", value)
                    if (field == "suites") stanza = stanza "Suites: " wanted "\n"
                    if (field == "types") stanza = stanza "Types: deb\n"
                }
                words = split(value, word, /[ \t]+/)
                for (j = 1; j <= words; j++) {
                    if (field == "suites" && word[j] == suite) serves = 1
                    if (field == "types" && word[j] == "deb") binary = 1
                    if (field == "enabled" && word[j] ~ /^(no|false|without|off|disable|0)$/) enabled = 0
                }
                if (field != "suites" && field != "types") stanza = stanza line "\n"
            }
            if (serves && binary && enabled) { printf "%s", stanza; exit }
        }' "$@"
}

# Prints the first line of the files after it that serves suite $1, for suite $2 instead.
derive_line() {
    local suite=$1 wanted=$2
    shift 2
    awk -v suite="$suite" -v wanted="$wanted" '
        $1 == "deb" {
            at = 2
            if ($2 ~ /^\[/) { while (at <= NF && $at !~ /\]$/) at++; at++ }
            if ($(at + 1) == suite) { $(at + 1) = wanted; print; exit }
        }' "$@"
}

# Sets source_text and source_kind (sources, list) for suite $2, derived from what serves suite $1 in the files or
# apt folders after it; source_text is empty where nothing does.
derive_source() {
    local suite=$1 wanted=$2 place file
    shift 2
    source_text="" source_kind=""
    for place in "$@"; do
        for file in "$place" "$place"/sources.list.d/*.sources "$place"/sources.list "$place"/sources.list.d/*.list; do
            { [ -f "$file" ] && [ -r "$file" ]; } || continue
            case $file in
            *.sources)
                source_text=$(derive_stanza "$suite" "$wanted" "$file")
                source_kind=sources
                ;;
            *)
                source_text=$(derive_line "$suite" "$wanted" "$file")
                source_kind=list
                ;;
            esac
            [ -z "$source_text" ] || return 0
        done
    done
}
