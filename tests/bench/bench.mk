# SPDX-License-Identifier: MIT
# The benchmarks, included by the Makefile: `make bench` runs them, one after another; see tests/bench/README.md.

BENCH_BUILD := $(BUILD)/tests/bench
# Programs by themselves, but for those that have rules of their own below.
BENCH_APART := stack_cost table_cost
BENCH_ALONE := $(patsubst tests/bench/%.c,$(BENCH_BUILD)/%,$(filter-out $(BENCH_APART:%=tests/bench/%.c),$(wildcard tests/bench/*.c)))
BENCH_PROGRAMS := $(BENCH_ALONE) $(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/table_cost

# No sibling calls: the depth that is measured must be on the stack.
$(BENCH_ALONE): $(BENCH_BUILD)/%: tests/bench/%.c $(wildcard tests/bench/*.h)
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fno-optimize-sibling-calls -pthread -o $@ $<
$(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/table_cost: $(BENCH_BUILD)/%: $(UNIT_OBJECTS)/../bench.parts/%.o $(UNIT_OBJECTS)/fake_ledger.o $(STACK_PARTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -ldl
$(UNIT_OBJECTS)/../bench.parts/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -c $< -o $@

# The parts, each a script of tests/bench/, in the order in which they run. PARTS='instructions soak' narrows them;
# ROUNDS=9 is of each pair, SOAK_SECONDS=600 of the soak.
BENCH_PARTS := \
	instructions \
	start \
	memory \
	throughput \
	watch_cost \
	names \
	soak
PARTS ?= $(BENCH_PARTS)

.PHONY: bench-programs bench bench-record
bench-programs: $(BENCH_PROGRAMS)
bench: all bench-programs | $(BUILD)/dependencies-bench
	BUILD=$(BUILD) tests/bench/parts $(PARTS)

# What was measured last becomes the tree's word.
BENCH_RECORD := $(addprefix $(BUILD)/bench/,results.json results.md growth.svg)
bench-record:
	install -d tests/bench/results
	install -m 644 $(BENCH_RECORD) tests/bench/results
