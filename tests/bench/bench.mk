# SPDX-License-Identifier: MIT
# The benchmarks, included by the Makefile: `make bench` runs them, one after another, and prints tables.

BENCH_BUILD := $(BUILD)/tests/bench
BENCH_PROGRAMS := $(BENCH_BUILD)/calls_once $(BENCH_BUILD)/connection_cost $(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/fork_cost \
	$(BENCH_BUILD)/wait_cost $(BENCH_BUILD)/many_sockets $(BENCH_BUILD)/many_lives

# No sibling calls: the depth that is measured must be on the stack.
$(BENCH_BUILD)/calls_once $(BENCH_BUILD)/connection_cost $(BENCH_BUILD)/fork_cost $(BENCH_BUILD)/wait_cost $(BENCH_BUILD)/many_sockets: $(BENCH_BUILD)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fno-optimize-sibling-calls -pthread -o $@ $<
$(BENCH_BUILD)/stack_cost: $(UNIT_OBJECTS)/../bench.parts/stack_cost.o $(UNIT_OBJECTS)/fake_ledger.o $(STACK_PARTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -ldl
$(UNIT_OBJECTS)/../bench.parts/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -c $< -o $@

$(BENCH_BUILD)/many_lives: tests/bench/many_lives.c $(wildcard include/sockaudit/*.h)
	@mkdir -p $(@D)
	$(CC) $(COMMON) -o $@ $<
# 100 MB, and minutes to build: not among the programs that `make check` builds.
$(BENCH_BUILD)/many_sites: tests/bench/make_sites tests/bench/many_sites.c
	@mkdir -p $(@D)
	tests/bench/make_sites $@

.PHONY: bench-programs bench
bench-programs: $(BENCH_PROGRAMS)
bench: all bench-programs $(BENCH_BUILD)/many_sites | $(BUILD)/dependencies-test
	BUILD=$(BUILD) tests/bench/instructions
	$(BENCH_BUILD)/stack_cost
	BUILD=$(BUILD) tests/bench/throughput
	BUILD=$(BUILD) tests/bench/watch_cost
	BUILD=$(BUILD) tests/bench/reporter
