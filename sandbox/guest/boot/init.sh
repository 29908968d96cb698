#!/bin/sh
# The first and only process of a guest that is booted to be looked at: it tells what Linux made of the tables, then
# switches the machine off.
#
# What it tells are lines that start with "=="; the last one gives their number, so that a lost line is noticed.
# Files are read with what the shell has built in: under emulation each further process takes its time.

b=/bin/busybox
node=/sys/devices/system/node
told=0

$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
echo 1 > /proc/sys/kernel/printk # from here on the console is ours

tell() {
    echo "== $*"
    told=$((told + 1))
}

tell_file() { # words..., file; nothing where there is no such file
    eval "file=\${$#}"
    [ -r "$file" ] || return 0
    content=
    read -r content < "$file"
    tell "${@%"$file"}$content"
}

echo
read -r release < /proc/sys/kernel/osrelease
tell "kernel $release"
tell "machine $($b uname -m)"

for mask in possible online has_cpu has_memory has_normal_memory has_generic_initiator; do
    tell_file mask $mask $node/$mask
done
for mask in possible present online; do
    tell_file cpus $mask /sys/devices/system/cpu/$mask
done

for path in $node/node*; do
    [ -d "$path" ] || continue
    number=${path##*/node}
    tell "node $number"
    tell "cpulist $number $($b cat $path/cpulist)" # the shell's read finds nothing in a binary attribute
    tell_file distance $number $path/distance
    while read -r _ _ key size _; do
        [ "$key" != MemTotal: ] || tell "memory $number $size"
    done < $path/meminfo
    for class in $path/access*; do
        [ -d "$class" ] || continue
        access=${class##*/access}
        tell "access $number $access"
        for other in $class/initiators/node*; do
            [ ! -e "$other" ] || tell "initiator $number $access ${other##*/node}"
        done
        for other in $class/targets/node*; do
            [ ! -e "$other" ] || tell "target $number $access ${other##*/node}"
        done
        for value in read_latency write_latency read_bandwidth write_bandwidth; do
            tell_file performance $number $access $value $class/initiators/$value
        done
    done
done

for path in /sys/bus/pci/devices/*; do
    [ -d "$path" ] || continue
    read -r vendor < $path/vendor
    read -r device < $path/device
    read -r class < $path/class
    read -r numa_node < $path/numa_node
    tell "pci ${path##*/} $vendor:$device $class $numa_node"
done

for table in SRAT SLIT HMAT; do
    path=/sys/firmware/acpi/tables/$table
    [ -r $path ] || continue
    for line in $($b base64 $path); do
        tell "table $table $line"
    done
done

$b dmesg | $b grep -iE 'SRAT|SLIT|HMAT|NUMA|NODE_DATA|proximity|PXM|table upgrade|Initmem setup|initiator' > /said
while read -r line; do
    tell "said $line"
done < /said

echo "== end $told"
$b stty -echo < /dev/console # it waits until everything is written
$b poweroff -f
