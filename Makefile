# ace-mqtt. `make help` lists the targets. A fresh machine is brought to the result by packaging/setup.sh.
.DEFAULT_GOAL := all
MODE ?= $(if $(filter test,$(MAKECMDGOALS)),debug,release)
B    := build/$(MODE)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)   # make -j1 wins over this
endif
ifeq ($(origin CC),default)
CC := gcc
endif
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
include build/setup.mk          # DEPS_CFLAGS, DEPS_LIBS, LLHTTP_DIR: what set-up found
endif

FLAGS.debug   := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS.release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS.plain   := -O1 -g
FLAGS.fuzz    := $(FLAGS.debug) -fsanitize=fuzzer-no-link
WARN  := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Werror
LANG_ := -std=c17 -D_GNU_SOURCE $(WARN) -I. -Ibuild $(DEPS_CFLAGS)
FLAGS := $(LANG_) $(FLAGS.$(MODE)) $(CFLAGS)
LIBS  := $(LDFLAGS) $(DEPS_LIBS)
say    = $(if $(V),,@$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,echo '  $1 $@' &&)) # one word per command; V=1: all of it

sources = $(wildcard $(addsuffix /*.c,$1))
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$1))
PROGS  := as broker client scenarios
COMMON := $(addprefix common/,base codec crypto ace net store)
SUITES := $(patsubst tests/%_test.c,%,$(wildcard tests/*_test.c))
FUZZ   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))
CHECKED := $(call sources,$(COMMON) $(PROGS) tests tests/fuzz bench)
PARTS  := $(filter-out %/main.o,$(call objects,$(PROGS)))        # what tests and fuzz targets link besides common/

all: $(PROGS:%=$(B)/bin/ace-%)
	@mkdir -p build/bin && for p in $(PROGS); do ln -sfn ../$(MODE)/bin/ace-$$p build/bin/ace-$$p; done

$(foreach p,$(PROGS),$(eval $(B)/bin/ace-$p: $(call objects,$p)))
$(B)/bin/ace-tests: $(call objects,tests) $(PARTS)
$(B)/bin/ace-tests: LIBS += -lcunit
$(B)/bin/ace-bench: $(call objects,bench) $(filter-out %/main.o,$(call objects,client))
$(B)/bin/%: $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(FLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
$(B)/run/%: $(B)/tests/fuzz/%.o $(PARTS) $(B)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(B)/libcommon.a: $(call objects,$(COMMON)) $(if $(LLHTTP_DIR),$(patsubst %,$(B)/llhttp/%.o,llhttp api http))
	@rm -f $@ && $(AR) rcs $@ $^
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<
$(B)/llhttp/%.o: $(LLHTTP_DIR)/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -O2 -g -DLLHTTP_STRICT_MODE=1 $(DEPS_CFLAGS) -c -o $@ $<
$(B)/flags: always
	@mkdir -p $(@D) && echo '$(CC) $(FLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS)' >$@

# The list of test suites is the list of files: a new tests/x_test.c needs no edit here.
$(B)/tests/main.o: build/suites.h
build/suites.h: $(wildcard tests/*_test.c)
	@mkdir -p build && printf 'SUITE(%s)\n' $(SUITES) >$@

build/setup.mk: $(wildcard packaging/*.sh)
	@packaging/setup.sh build $@

help:      ; @sed -n 's/^#: //p' Makefile
#: make [all]        the four programs, into build/bin         MODE=release (default) | debug | plain; CC=gcc | clang; V=1
#: make scenarios    runs the conformance scenarios; the report is under build/scenarios
#: make interop    who of suts/*.json gets on with whom: clients x brokers x AS
#: make sandbox    AS and broker alive until Control-C, and commands to copy
#: make mutate     model runs, each with one arrow or field broken: can every check of the suite fail?
#: make twins        our programs with one fault each: does the suite catch it and blame the right rule?  T="name name2"
#: make test         runs the unit tests under ASan and UBSan  T="suite suite2" runs only these
#: make test-evidence  runs whose captures tshark must decrypt
#: make test-report  reports against schemas and in a browser; pictures of it are in build/report-shots
#: make check        layers, format, static analysis, requirement ids, banned calls
#: make valgrind     runs the unit tests under valgrind
#: make fuzz         runs each fuzz target FUZZ_SECONDS (20)
#: make bench      what each thing costs, beside mosquitto   BENCH_ROUNDS=5 BENCH_SCALE=1
#: make install      the programs, and what ace-scenarios reads   PREFIX=/usr/local DESTDIR=
#: make clean        removes what was built
scenarios: all                   ; @$(B)/bin/ace-scenarios run
interop: all adapters            ; @$(B)/bin/ace-scenarios matrix suts/*.json
sandbox: all                     ; @$(B)/bin/ace-scenarios sandbox build/sandbox
mutate: all                      ; @$(B)/bin/ace-scenarios model >build/model.txt || { cat build/model.txt; exit 1; }; tail -n 1 build/model.txt; $(B)/bin/ace-scenarios mutate
twins: all                       ; @CC='$(CC)' FLAGS='$(FLAGS)' LIBS='$(LIBS)' twins/run.sh $(B) build/twins $(T)
test: all $(B)/bin/ace-tests oracles ; @$(B)/bin/ace-tests $(T)
# Foreign programs, for the suites oracle_*.
oracles: $(patsubst tests/%,build/%,$(wildcard tests/oracles/*.mjs)) build/oracles/loopback.so
	@$(if $(or $(if $(T),,all),$(findstring oracle_,$(T))),packaging/setup.sh test build/oracles)
# Implementations of others as systems under test: adapters/ (docs/adapters.md), beside the npm packages that they need.
adapters: $(patsubst %,build/%,$(wildcard adapters/*.mjs)) ; @packaging/setup.sh adapters build/adapters
build/adapters/%.mjs: adapters/%.mjs ; @mkdir -p $(@D) && cp $< $@
build/oracles/%.mjs: tests/oracles/%.mjs ; @mkdir -p $(@D) && cp $< $@
build/oracles/%.so: tests/oracles/%.c ; @mkdir -p $(@D) && $(CC) $(LANG_) -shared -fPIC -o $@ $<
check: build/setup.mk            ; @packaging/setup.sh check && $(MAKE) -s --no-print-directory -k rules $(CHECKED:%.c=build/check/%.ok)
rules:                           ; @tests/check.sh
build/check/%.ok: %.c .clang-tidy tests/.clang-tidy build/suites.h tests/analyse.sh ; @tests/analyse.sh $< $@ $(LANG_)
test-evidence: all               ; @packaging/setup.sh evidence && tests/evidence.sh $(B)/bin/ace-scenarios build/evidence
test-report: all                 ; @packaging/setup.sh report && { [ -f build/scenarios/badge.svg ] || $(B)/bin/ace-scenarios run >/dev/null; } && tests/report.sh $(B)/bin/ace-scenarios build/report build/scenarios build/report-shots
valgrind:                        ; @packaging/setup.sh valgrind && $(MAKE) MODE=plain valgrind-run
valgrind-run: all $(B)/bin/ace-tests oracles ; valgrind -q --error-exitcode=1 --leak-check=full $(B)/bin/ace-tests $(T)
FUZZ_SECONDS ?= 20
fuzz:                            ; @packaging/setup.sh fuzz && $(MAKE) -k MODE=fuzz CC=clang $(FUZZ:%=fuzz-%)
fuzz-%: $(B)/run/%
	@mkdir -p $(B)/corpus/$* && echo "fuzz: $* for $(FUZZ_SECONDS) s"
	@$< -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -artifact_prefix=$(B)/$*- $(B)/corpus/$* $(wildcard tests/fuzz/seeds/$*)
bench:                           ; @packaging/setup.sh bench && $(MAKE) bench-run
bench-run: all $(B)/bin/ace-bench ; @bench/run.sh $(B)/bin build/bench
# The programs find their scenarios in share/ace-mqtt beside their bin.
PREFIX ?= /usr/local
share   = $(DESTDIR)$(PREFIX)/share/ace-mqtt/scenarios
install: all
	@install -d $(DESTDIR)$(PREFIX)/bin $(share)/flows $(share)/page
	@install -m 755 $(PROGS:%=$(B)/bin/ace-%) $(DESTDIR)$(PREFIX)/bin
	@install -m 644 scenarios/*.tsv $(share) && install -m 644 scenarios/flows/*.flow $(share)/flows && install -m 644 scenarios/page/* $(share)/page
clean:                           ; rm -rf build/*/ build/suites.h
.PHONY: all help scenarios sandbox interop mutate twins test test-evidence test-report oracles adapters check rules valgrind valgrind-run fuzz bench bench-run install clean always
.SECONDARY:
-include $(shell find $(B) build/check -name '*.d' 2>/dev/null)
