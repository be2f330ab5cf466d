# regionproof: everything that is built goes under build/; a new file needs no edit here.
#
#   make deps   install what is missing (the one list below)      make demo   the main job
#   make        build build/regionproof and build/region-store    make check  the tests
#
# Layout of build/: obj/ mirrors the tree, tests/ holds one binary per test file.

VERSION := 0.1.0

# The one list of dependencies, by Debian package name.
DEPS_BUILD := gcc make pkg-config libnl-3-dev libnl-route-3-dev libpcap-dev libcurl4-openssl-dev \
	libyaml-dev libjansson-dev libmicrohttpd-dev libhiredis-dev libseccomp-dev
DEPS_TEST := libcmocka-dev iproute2 procps redis-server redis-sentinel redis-tools \
	user-mode-linux libxml2-utils

B ?= build
CC ?= gcc
PKGS := libnl-3.0 libnl-route-3.0 libcurl yaml-0.1 jansson libmicrohttpd hiredis libpcap libseccomp
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(CI),-Werror)
CPPFLAGS += -I. -D_GNU_SOURCE -DREGIONPROOF_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS))
ALL_CFLAGS = -std=gnu11 $(WARN) -pthread $(CFLAGS) -MMD -MP
LDLIBS += $(shell pkg-config --libs $(PKGS)) -pthread -lm
Q := $(if $(V),,@)

# One library of all rooms, one program on top of it; region-store stands alone on fixtures/base.
SRCS := $(shell find chaos probes suites fixtures reports -name '*.c' \
	-not -path 'suites/tests/*' -not -path 'suites/bench/*' -not -path 'fixtures/region-store/*')
LIB_SRCS := $(filter-out suites/main.c,$(SRCS))
STORE_SRCS := $(wildcard fixtures/region-store/*.c fixtures/base/*.c)
TEST_SRCS := $(shell find suites/tests/unit suites/tests/netns suites/tests/conformance -name '*.c' 2>/dev/null)
HELPER_SRCS := $(wildcard suites/tests/helpers/*.c)
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

all: $(B)/regionproof $(if $(wildcard fixtures/region-store/*.c),$(B)/region-store)

$(B)/libregionproof.a: $(call obj,$(LIB_SRCS))
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/regionproof: $(call obj,suites/main.c) $(B)/libregionproof.a
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/region-store: $(call obj,$(STORE_SRCS))
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

TESTS := $(patsubst suites/tests/%.c,$(B)/tests/%,$(TEST_SRCS))
tests: $(TESTS)
$(TESTS): $(B)/tests/%: $(B)/obj/suites/tests/%.o $(call obj,$(HELPER_SRCS)) $(B)/libregionproof.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

clean:
	rm -rf $(B)

.PHONY: all tests clean
.DELETE_ON_ERROR:
.SECONDARY:
