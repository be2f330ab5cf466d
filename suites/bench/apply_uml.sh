#!/bin/sh
# apply_uml.sh: bench_apply over engine netem, in User Mode Linux, for kernels without sch_netem. That
# machine has one CPU and an exec takes long in it: the ratios count.
b=${B:-build}
exec sh suites/tests/conformance/netem_uml.sh "$b" "$b/bench/bench_apply,netem,${ROUNDS:-3}"
