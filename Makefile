# regionproof: everything that is built goes under build/; a new file needs no edit here.
#
#   make deps       install what is missing (the one list below); as root or with sudo
#   make            build build/regionproof and what recipes start: region-store, region-shop, name-liar
#   make demo       deps, build, one scenario that passes and one that fails on purpose
#   make check      deps, build, every test but the long ones
#   make check-long / check-asan / check-tsan      the long ones too / under a sanitizer
#   make lint       formatting, static checkers, include direction; `make arrows` draws the includes
#   make check T=unit/base    only tests whose name holds that text
#   make fuzz       every parser under libFuzzer (clang), FUZZ_SECONDS each
#   make bench      the benchmarks, as ratios;  make install, make deb, make pictures, make clean
#
# Layout of build/: obj/ mirrors the tree; tests/ and bench/ hold one program per source file.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=

# The one list of dependencies, by Debian package name. `make deps` installs the first two rows;
# `make deps-dev` also what lint and bench use, which skip what is missing. Debian's npm is for where
# there is none: with another vendor's it cannot be installed.
DEPS_BUILD := gcc libc6-dev make pkg-config libnl-3-dev libnl-route-3-dev libpcap-dev \
	libcurl4-openssl-dev libyaml-dev libjansson-dev libmicrohttpd-dev libsqlite3-dev libhiredis-dev \
	libseccomp-dev libc-ares-dev libpq-dev libmariadb-dev
DEPS_TEST := libcmocka-dev iproute2 procps util-linux user-mode-linux \
	redis-server redis-sentinel redis-tools \
	postgresql-15 postgresql-15-pglogical \
	etcd-server etcd-client patroni python3-etcd \
	mariadb-server mariadb-client \
	gdnsd pdns-server pdns-backend-bind unbound dnsmasq-base \
	varnish nginx-light haproxy memcached openssl \
	libxml2-utils prometheus cmark-gfm python3-jsonschema python3-yaml \
	chromium \
	docker.io docker-compose iputils-ping \
	$(if $(shell command -v npm),, nodejs npm ) \
	podman netavark runc \
	mandoc zsh fish \
	libfaketime e2fsprogs \
	dpkg-dev debootstrap
DEPS_DEV := clang clang-format clang-tidy cppcheck wrk iperf3 tcpdump \
	sysbench

# pkg-config names. What is OPTIONAL may be missing: name=start of its header. A .c file that
# includes that header is then left out of the build, and HAVE_NAME tells the others.
REQUIRED := libnl-3.0 libnl-route-3.0 libcurl yaml-0.1 jansson libmicrohttpd sqlite3
OPTIONAL := hiredis=hiredis/ libpcap=pcap libseccomp=seccomp.h libcares=ares.h libpq=libpq-fe.h libmariadb=mysql.h

B ?= build
# What npm fetched, if it could: for all builds alike.
NPM := build/npm
UPLOT := $(patsubst %/,%,$(dir $(wildcard $(NPM)/node_modules/uplot/dist/uPlot.iife.min.js)))
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CFLAGS ?= -O2 -g
Q := $(if $(V),,@)

# --- what is there -----------------------------------------------------------------------------
# One shell call finds the packages, one their flags; both once per make, not once per file.
PACKAGES := $(REQUIRED) $(foreach o,$(OPTIONAL),$(firstword $(subst =, ,$(o))))
FOUND := $(shell for p in $(PACKAGES); do pkg-config --exists $$p 2>/dev/null && echo $$p; done)
MISSING := $(if $(shell command -v $(CC)),,$(CC)) $(filter-out $(FOUND),$(REQUIRED))
LEFT_OUT := $(filter-out $(FOUND),$(PACKAGES))

# Goals that need no library; demo and check first install what is missing.
NEED_NOTHING := deps deps-dev help clean demo check check-long check-asan check-tsan
ifneq ($(filter-out $(NEED_NOTHING),$(or $(MAKECMDGOALS),all)),)
ifneq ($(strip $(MISSING)),)
$(error Not found: $(strip $(MISSING)). Run `make deps` (as root or with sudo), which installs it)
endif
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(CI),-Werror)
upper = $(shell echo $(1) | tr a-z- A-Z_)
HAVE := $(foreach p,$(filter-out $(REQUIRED),$(FOUND)),-DHAVE_$(call upper,$(p:lib%=%)))
PKG_CFLAGS := $(if $(FOUND),$(shell pkg-config --cflags $(FOUND)))
PKG_LIBS := $(if $(FOUND),$(shell pkg-config --libs $(FOUND)))
override CPPFLAGS := -I. -D_GNU_SOURCE -DREGIONPROOF_VERSION='"$(VERSION)"' $(HAVE) $(PKG_CFLAGS) \
	$(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARN) -pthread $(CFLAGS) -MMD -MP
override LDFLAGS := -Wl,--as-needed $(LDFLAGS)
override LDLIBS := $(LDLIBS) $(PKG_LIBS) -pthread -lm

# Objects are rebuilt when the flags change; -Werror makes no other object.
FLAGS := $(filter-out -Werror,$(CC) $(CPPFLAGS) $(ALL_CFLAGS))
ifeq ($(filter clean deps deps-dev help,$(MAKECMDGOALS)),)
ifneq ($(strip $(FLAGS)),$(strip $(file <$(B)/flags)))
$(shell mkdir -p $(B))
$(file >$(B)/flags,$(FLAGS))
endif
endif

# --- what is built -----------------------------------------------------------------------------
# One library of all rooms, one program on top of it; region-store, region-shop and name-liar stand alone.
ROOMS := $(wildcard chaos probes suites fixtures reports)
SRCS := $(shell find $(ROOMS) -name '*.c' \
	-not -path 'suites/tests/*' -not -path 'suites/bench/*' -not -path 'fixtures/region-store/*' \
	-not -path 'fixtures/region-shop/*' -not -path 'fixtures/name-liar/*' -not -path 'fixtures/web/*')
ABSENT_HEADERS := $(foreach o,$(OPTIONAL),$(if $(filter $(firstword $(subst =, ,$(o))),$(LEFT_OUT)),\
	-e '^\#include <$(lastword $(subst =, ,$(o)))'))
ifneq ($(strip $(ABSENT_HEADERS)),)
SRCS := $(filter-out $(shell grep -l $(ABSENT_HEADERS) $(SRCS)),$(SRCS))
endif
LIB_SRCS := $(filter-out suites/main.c,$(SRCS))
STORE_SRCS := $(wildcard fixtures/region-store/*.c fixtures/web/*.c fixtures/base/*.c)
SHOP_SRCS := $(wildcard fixtures/region-shop/*.c fixtures/web/*.c fixtures/base/*.c)
LIAR_SRCS := $(wildcard fixtures/name-liar/*.c fixtures/dns/*.c fixtures/base/*.c)
find_tests = $(sort $(shell find $(wildcard $(1:%=suites/tests/%)) -name '$(2)' 2>/dev/null))
TEST_ROOMS := unit netns conformance selftest
TEST_SRCS := $(if $(wildcard $(TEST_ROOMS:%=suites/tests/%)),$(call find_tests,$(TEST_ROOMS),*.c))
TEST_SCRIPTS := $(if $(wildcard $(TEST_ROOMS:%=suites/tests/%)),$(call find_tests,$(TEST_ROOMS),*.sh))
HELPER_SRCS := $(wildcard suites/tests/helpers/*.c)
BENCH_SRCS := $(wildcard suites/bench/*.c)
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

PROGRAMS := $(B)/regionproof $(B)/region-store $(B)/name-liar \
	$(if $(filter libpq,$(FOUND)),$(B)/region-shop)
all: $(PROGRAMS)

$(B)/libregionproof.a: $(call obj,$(LIB_SRCS))
	$(Q)rm -f $@ && ar rcs $@ $^

link = $(Q)echo "  LD  $@"; mkdir -p $(@D); $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/regionproof: $(call obj,suites/main.c) $(B)/libregionproof.a
	$(link) $(LDLIBS)

$(B)/region-store: $(call obj,$(STORE_SRCS))
	$(link) $(LDLIBS)

$(B)/region-shop: $(call obj,$(SHOP_SRCS))
	$(link) $(LDLIBS)

$(B)/name-liar: $(call obj,$(LIAR_SRCS))
	$(link) $(LDLIBS)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# The program holds the files of the live page.
$(B)/obj/suites/live/server.o: $(wildcard suites/live/web/*)

# The program holds the script of zoom.html; without uPlot that page says that it has no zoom.
$(B)/obj/reports/writers/html_zoom.o: reports/writers/zoom.js \
	$(addprefix $(UPLOT),$(if $(UPLOT),/uPlot.iife.min.js /uPlot.min.css))
$(B)/obj/reports/writers/html_zoom.o: override CPPFLAGS += $(if $(UPLOT),-DUPLOT='"$(UPLOT)"')

TESTS := $(patsubst suites/tests/%.c,$(B)/tests/%,$(TEST_SRCS))
# Of the helpers a program gets those that it uses.
$(B)/libhelpers.a: $(call obj,$(HELPER_SRCS))
	$(Q)rm -f $@ && ar rcs $@ $^

$(TESTS): $(B)/tests/%: $(B)/obj/suites/tests/%.o $(B)/libhelpers.a $(B)/libregionproof.a
	$(link) -lcmocka $(LDLIBS)

RUNNER := $(B)/tests/runner
$(RUNNER): $(call obj,$(wildcard suites/tests/runner/*.c)) $(B)/libregionproof.a
	$(link) $(LDLIBS)

INCLUDES := $(B)/tests/lint/includes
$(INCLUDES): $(call obj,suites/tests/lint/includes.c $(wildcard fixtures/base/*.c))
	$(link) -lm

BENCHES := $(patsubst suites/bench/%.c,$(B)/bench/%,$(BENCH_SRCS))
$(BENCHES): $(B)/bench/%: $(B)/obj/suites/bench/%.o $(B)/libhelpers.a $(B)/libregionproof.a
	$(link) -lcmocka $(LDLIBS)

# libFuzzer programs; `make fuzz` builds them with clang in a build folder of its own.
FUZZERS := $(patsubst suites/tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard suites/tests/fuzz/*.c))
$(FUZZERS): $(B)/tests/fuzz/%: $(B)/obj/suites/tests/fuzz/%.o $(B)/libregionproof.a
	$(link) -fsanitize=fuzzer $(LDLIBS)

tests: $(TESTS) $(RUNNER) $(INCLUDES)
fuzzers: $(FUZZERS)
benches: $(BENCHES)

# --- what is done with it ----------------------------------------------------------------------
deps:
	@sh suites/packaging/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
	@sh suites/packaging/npm.sh $(NPM)

deps-dev:
	@sh suites/packaging/deps.sh $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_DEV)
	@sh suites/packaging/npm.sh $(NPM)

# A second make, since what deps has installed changes what is found above.
AGAIN := $(MAKE) --no-print-directory
JOBS := $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

demo: deps
	@$(AGAIN) -s $(JOBS) all
	@B=$(B) sh suites/demo.sh

RUN_TESTS = CC='$(CC)' $(if $(findstring -fsanitize,$(CFLAGS)),REGIONPROOF_SANITIZED=1) \
	$(RUNNER) -j2 -b $(B) $(if $(T),-k '$(T)') $(RUN_OPTIONS)
CHECK_LINT := suites/tests/lint/includes.sh suites/tests/lint/headers.sh

run-tests: all tests
	@$(RUN_TESTS) $(CHECK_LINT) $(TEST_SRCS) $(TEST_SCRIPTS)

check: deps
	@$(AGAIN) -s $(JOBS) all tests
	@$(AGAIN) run-tests

check-long: deps
	@$(AGAIN) -s $(JOBS) all tests
	@$(AGAIN) run-tests RUN_OPTIONS=-l

# The memory map of a sanitizer and that of the kernel may clash under address randomisation.
ASAN := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
check-asan: deps
	@$(AGAIN) -s $(JOBS) B=$(B)/asan CFLAGS='$(ASAN)' all tests
	@$(AGAIN) B=$(B)/asan CFLAGS='$(ASAN)' RUN_OPTIONS='-x 3' run-tests

check-tsan: deps
	@$(AGAIN) -s $(JOBS) B=$(B)/tsan CFLAGS='$(TSAN)' all tests
	@setarch -R $(AGAIN) B=$(B)/tsan CFLAGS='$(TSAN)' RUN_OPTIONS='-x 5' run-tests

# Each parser for FUZZ_SECONDS, from the scenarios and recipes that we ship.
FUZZ := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60
fuzz:
	@$(AGAIN) -s $(JOBS) B=$(B)/fuzz CC=clang CFLAGS='$(FUZZ)' fuzzers
	@for f in suites/tests/fuzz/*.c; do n=$$(basename $$f .c); mkdir -p $(B)/fuzz/corpus/$$n; \
		ls suites/tests/fuzz/$$n.dict >/dev/null 2>&1 && d=-dict=suites/tests/fuzz/$$n.dict || d=; \
		$(B)/fuzz/tests/fuzz/$$n -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 $$d \
			-artifact_prefix=$(B)/fuzz/ -print_final_stats=0 -verbosity=0 \
			$(B)/fuzz/corpus/$$n suites/scenarios $$(ls -d suites/tests/fuzz/seeds/$$n \
			2>/dev/null) || exit 1; echo "$$n: ok"; done

lint: tests
	@$(RUN_TESTS) $(wildcard suites/tests/lint/*.sh)

format:
	clang-format -i $(shell find $(ROOMS) -name '*.[ch]')

arrows: $(INCLUDES)
	@$(INCLUDES) --arrows

bench: all benches
	@for b in $(BENCHES) $(wildcard suites/bench/*.sh); do echo "== $$b"; B=$(B) ./$$b || exit 1; done

SHARE := $(DESTDIR)$(PREFIX)/share
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/regionproof $(SHARE)/man/man1 \
		$(SHARE)/bash-completion/completions $(SHARE)/zsh/vendor-completions \
		$(SHARE)/fish/vendor_completions.d
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	for d in fixtures/systems fixtures/links suites/scenarios suites/packs; do \
		[ ! -d $$d ] || { install -d $(SHARE)/regionproof/$${d##*/} && \
			install -m 644 $$d/* $(SHARE)/regionproof/$${d##*/}; } || exit 1; done
	$(B)/regionproof manual schema >$(SHARE)/regionproof/scenario.schema.json
	$(B)/regionproof manual man | gzip -9n >$(SHARE)/man/man1/regionproof.1.gz
	$(B)/regionproof manual bash >$(SHARE)/bash-completion/completions/regionproof
	$(B)/regionproof manual zsh >$(SHARE)/zsh/vendor-completions/_regionproof
	$(B)/regionproof manual fish >$(SHARE)/fish/vendor_completions.d/regionproof.fish

# build/regionproof_VERSION_ARCH.deb
deb: all
	@VERSION=$(VERSION) B=$(B) MAKE='$(MAKE)' sh suites/packaging/deb.sh

# The pictures that the README shows, in .github/pictures.
pictures: all
	@B=$(B) NPM=$(NPM) sh suites/packaging/pictures.sh

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

clean:
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: all tests benches fuzzers fuzz deps deps-dev demo run-tests check check-long check-asan check-tsan lint \
	format arrows bench install deb pictures help clean
.DELETE_ON_ERROR:
.SECONDARY:
