# SPDX-License-Identifier: MIT
# The fuzz targets, included by the Makefile: `make fuzz [FUZZ_SECONDS=60]`, under ASan and UBSan.

FUZZ_BUILD := $(BUILD)/tests/fuzz
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -Iinclude -Ireport -Itests/unit -DSOCKAUDIT_VERSION='"$(VERSION)"' \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# The analysis and the renderers, without the ELF files that a hostile ledger could name.
FUZZ_SOURCES = $(filter-out report/main.c report/symbols.c report/symbols_worker.c,$(REPORT_SOURCES)) \
	tests/unit/build_ledger.c tests/unit/build_analysis.c tests/fuzz/no_symbols.c tests/fuzz/fuzz_ledger_reader.c

# Any header may have changed the records that all parts share.
$(FUZZ_BUILD)/parts/%.o: %.c $(wildcard report/*.h include/sockaudit/*.h tests/unit/*.h) report/findings.def | $(BUILD)/dependencies-test
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -c $< -o $@
$(FUZZ_BUILD)/fuzz_ledger_reader: $(FUZZ_SOURCES:%.c=$(FUZZ_BUILD)/parts/%.o)
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(REPORT_LIBS)
$(FUZZ_BUILD)/hostile_ledgers: tests/fuzz/hostile_ledgers.c tests/unit/build_ledger.c | $(BUILD)/dependencies-test
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -o $@ $^

fuzz: all $(FUZZ_BUILD)/fuzz_ledger_reader $(FUZZ_BUILD)/hostile_ledgers
	$(FUZZ_BUILD)/hostile_ledgers $(BUILD)/sockaudit
	$(FUZZ_BUILD)/fuzz_ledger_reader -max_total_time=$(FUZZ_SECONDS) -max_len=131072 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
