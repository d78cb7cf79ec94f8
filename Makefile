# sockaudit: `make` builds, `make demo` shows, `make check` tests, `make check-real` tests for long, `make install PREFIX= DESTDIR=` installs.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
AR ?= ar
VERSION := 0.1.0

# make SAN=address,undefined check: the reporter and the unit tests under sanitizers; the library never is.
SAN ?=
comma := ,
ifneq ($(SAN),)
BUILD := $(BUILD)-$(subst $(comma),-,$(SAN))
endif
WARN = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes
COMMON = -std=gnu11 -D_GNU_SOURCE -Iinclude $(WARN) $(CFLAGS)
CFLAGS ?= -O2 -g
# The library: no large-file and no fortify names (they would be hooks of their own), thread-local storage without
# calls into the dynamic linker.
PRELOAD_FLAGS = $(COMMON) -Ipreload -fPIC -ftls-model=initial-exec -fvisibility=hidden \
	-fasynchronous-unwind-tables -U_FORTIFY_SOURCE -U_FILE_OFFSET_BITS -fno-stack-protector -fno-plt
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
REPORT_FLAGS = $(COMMON) -Ireport -DSOCKAUDIT_VERSION='"$(VERSION)"' $(SAN_FLAGS)
REPORT_LIBS = -lmnl -ldw -lelf -ljansson -liberty -lncursesw -ltinfo -lpthread

PRELOAD_SOURCES = $(wildcard preload/*.c)
REPORT_SOURCES = $(wildcard report/*.c)
PRELOAD_OBJECTS = $(PRELOAD_SOURCES:preload/%.c=$(BUILD)/preload/%.o)
REPORT_OBJECTS = $(REPORT_SOURCES:report/%.c=$(BUILD)/report/%.o)
REPORT_PARTS = $(filter-out $(BUILD)/report/main.o,$(REPORT_OBJECTS))

.PHONY: all deps deps-test demo check check-real fuzz install clean format
all: $(BUILD)/libsockaudit.so $(BUILD)/sockaudit $(BUILD)/manual

$(BUILD)/preload/%.o: preload/%.c | $(BUILD)/dependencies
	@mkdir -p $(@D)
	$(CC) $(PRELOAD_FLAGS) -MMD -MP -c $< -o $@

# Its loops have one turn more often than many: a step to their alignment is one in twenty.
$(BUILD)/preload/hooks_wait.o: PRELOAD_FLAGS += -fno-align-loops

$(BUILD)/report/%.o: report/%.c | $(BUILD)/dependencies
	@mkdir -p $(@D)
	$(CC) $(REPORT_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libsockaudit.map: preload/libsockaudit.map.in preload/hooks.def
	@mkdir -p $(@D)
	sed -n 's/^HOOK(\(.*\))/\t\1;/p' preload/hooks.def | sed -e '/^@HOOKS@/{r /dev/stdin' -e 'd}' preload/libsockaudit.map.in > $@

$(BUILD)/libsockaudit.so: $(PRELOAD_OBJECTS) $(BUILD)/libsockaudit.map
	$(CC) $(CFLAGS) -shared -static-libgcc -Wl,-z,now,-z,relro,-z,nodelete,-z,noseparate-code,--as-needed,-soname,libsockaudit.so \
		-Wl,--version-script=$(BUILD)/libsockaudit.map -o $@ $(PRELOAD_OBJECTS)

$(BUILD)/sockaudit: $(REPORT_OBJECTS)
	$(CC) $(CFLAGS) $(SAN_FLAGS) -o $@ $(REPORT_OBJECTS) $(REPORT_LIBS)

# The manual and the completion: from templates, and from the program's own tables.
$(BUILD)/manual: $(BUILD)/sockaudit $(wildcard report/man/* report/completion/*)
	report/man/pages $(BUILD)/sockaudit $(BUILD)/man
	@mkdir -p $(BUILD)/completion
	report/man/expand $(BUILD)/sockaudit < report/completion/sockaudit.bash.in > $(BUILD)/completion/sockaudit
	report/man/expand $(BUILD)/sockaudit < report/completion/_sockaudit.in > $(BUILD)/completion/_sockaudit
	@touch $@

-include $(PRELOAD_OBJECTS:.o=.d) $(REPORT_OBJECTS:.o=.d)

# What is missing is installed once, by apt, and said so: tests/install-packages.
BUILD_PACKAGES = gcc libc6-dev libunwind-dev libunwind8 uthash-dev libdw-dev libelf-dev libmnl-dev libiberty-dev \
	libjansson-dev libncurses-dev
DEMO_PACKAGES = iproute2
TEST_PACKAGES = g++ libcmocka-dev python3 python3-jsonschema libpython3.11-testsuite libfaketime redis-server redis-tools nginx-light wrk memcached \
	curl valgrind gdb libjemalloc2 musl-tools clang binutils elfutils procps iproute2 jq strace \
	liburing-dev golang-go nodejs perl ruby openjdk-17-jdk-headless apache2 apache2-utils haproxy git openssh-server \
	openssh-client postgresql libcap2-bin socat lsof tmux \
	mandoc groff zsh bash-completion cmake meson ninja-build python3-yaml python3-pytest python3-pytest-xdist bubblewrap \
	systemd python3-junitparser python3-markdown libxml2-utils cmark-gfm $(if $(filter x86_64,$(shell uname -m)),gcc-multilib)
BENCH_PACKAGES = python3-matplotlib bpftrace linux-perf

$(BUILD)/dependencies:
	@tests/install-packages $(BUILD_PACKAGES)
	@mkdir -p $(@D) && touch $@
$(BUILD)/dependencies-demo: | $(BUILD)/dependencies
	@tests/install-packages $(DEMO_PACKAGES)
	@touch $@
$(BUILD)/dependencies-test: | $(BUILD)/dependencies
	@tests/install-packages $(TEST_PACKAGES)
	@touch $@
$(BUILD)/dependencies-bench: | $(BUILD)/dependencies-test
	@tests/install-packages $(BENCH_PACKAGES)
	@touch $@

include tests/tests.mk tests/unit/unit.mk tests/calls/calls.mk tests/cli/cli.mk tests/bench/bench.mk tests/fuzz/fuzz.mk

# TESTS='programs/eof*' narrows it. Packages first: what follows is built with them. Under sanitizers: what runs the
# reporter, and the unit tests.
CHECKED = all test-unit test-programs test-calls test-cli bench-programs $(FUZZ_BUILD)/hostile_ledgers
ifneq ($(SAN),)
CHECKED = all test-unit test-programs
TESTS ?= 'unit/*' 'programs/*' cli/commands
endif
check:
	@$(MAKE) --no-print-directory $(BUILD)/dependencies-test
	@$(MAKE) --no-print-directory -j2 $(CHECKED)
	BUILD=$(BUILD) tests/run $(TESTS)

# The suites and servers that we did not write, whole: half an hour. `make check` runs a minute of each.
check-real:
	@$(MAKE) --no-print-directory $(BUILD)/dependencies-test
	@$(MAKE) --no-print-directory -j2 all test-programs
	LONG=1 BUILD=$(BUILD) tests/run 'real/*'

demo: all $(TEST_BUILD)/demo_server | $(BUILD)/dependencies-demo
	@BUILD=$(BUILD) tests/demo

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include/sockaudit $(DESTDIR)$(PREFIX)/share/sockaudit
	install -m 755 $(BUILD)/sockaudit $(DESTDIR)$(PREFIX)/bin/sockaudit
	install -m 644 $(BUILD)/libsockaudit.so $(DESTDIR)$(PREFIX)/lib/libsockaudit.so
	install -m 644 include/sockaudit/*.h $(DESTDIR)$(PREFIX)/include/sockaudit
	install -m 644 report/schema/*.json $(DESTDIR)$(PREFIX)/share/sockaudit
	for section in 1 5 7; do \
		install -d $(DESTDIR)$(PREFIX)/share/man/man$$section && \
		install -m 644 $(BUILD)/man/*.$$section $(DESTDIR)$(PREFIX)/share/man/man$$section || exit; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 $(BUILD)/completion/sockaudit $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(BUILD)/completion/_sockaudit $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	@# So that LD_PRELOAD=libsockaudit.so finds it without a path.
	$(if $(DESTDIR),,-ldconfig)

format:
	clang-format -i preload/*.[ch] report/*.[ch] include/sockaudit/*.h tests/*/*.[ch]

clean:
	rm -rf $(BUILD)
