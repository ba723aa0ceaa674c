# Apus: what there is to do here. `make help` lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
DESTDIR ?=
PYTHON ?= python3

# The graph of modules in Package.swift is checked by every build: a module imports only what it declares.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
# Of C libraries only glibc stays outside the executable: a folder without shared objects comes first in the linker's
# search. Measured: 0.5 ms less from exec to main.
STATIC := .build/static
STATIC_LIBRARIES := stdc++ gcc_eh jansson aio
RELEASE_FLAGS := -c release --static-swift-stdlib --product apus $(SWIFT_FLAGS) \
	-Xlinker -L$(CURDIR)/$(STATIC) -Xswiftc -Xclang-linker -Xswiftc -static-libgcc

# The toolchain's own: another version may not read the profiles.
LLVM_COV = $(dir $(realpath $(shell command -v swift)))llvm-cov

# For `demo`.
MACHINE ?= q35
CPUS ?= 2
MEMORY ?= 1G

# For `guest-test`: the cases to run (all when empty), and the program to test.
CASE ?=
VMM ?= .build/release/apus

HOST := $(PYTHON) -B Tests/Host

.PHONY: all help setup check test guest-test demo install format format-check coverage clean

## all: build .build/release/apus (the default)
all:
	@mkdir -p $(STATIC)
	@for library in $(STATIC_LIBRARIES); do \
		ln -sfn "$$($(CC) -print-file-name=lib$$library.a)" $(STATIC)/lib$$library.a; done
	swift build $(RELEASE_FLAGS)

## setup: install the Debian packages that building and testing need and that are missing (as root)
setup:
	@Tests/Host/setup

## check: everything: setup, unit tests, release build, guests on real KVM
check: setup
	swift test $(SWIFT_FLAGS)
	$(MAKE) --no-print-directory all
	$(HOST)/run.py --vmm .build/release/apus

## test: the unit tests alone; they need neither KVM nor root
test:
	swift test $(SWIFT_FLAGS)

## guest-test: boot guests on real KVM; CASE="name ..." for some, CASE=help for their names, VMM=path for another program
guest-test: $(if $(filter help,$(CASE)),,$(if $(filter .build/%,$(VMM)),all))
	@$(HOST)/run.py --vmm $(VMM) $(if $(filter help,$(CASE)),--list,$(CASE))

## demo: boot Debian's kernel to a shell, on a disk; MACHINE=q35|microvm, CPUS=n, MEMORY=size
demo: setup all
	@$(HOST)/demo.py --machine $(MACHINE) --cpus $(CPUS) --memory $(MEMORY)

## install: install apus below DESTDIR/PREFIX (/usr/local)
install: all
	install -D -m 755 .build/release/apus $(DESTDIR)$(PREFIX)/bin/apus

## format: format all Swift sources
format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests
	@# The formatter of Swift 6.3 loses the space of `for unsafe x in`, and with it the meaning.
	@grep -rlE --include='*.swift' 'for unsafe[a-z]+ in unsafe' Sources Tests | xargs -r sed -i -E 's/for unsafe([a-z]+ in unsafe)/for unsafe \1/'

## format-check: complain about unformatted Swift sources
format-check:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

## coverage: run the unit tests and report what they cover of Sources/
coverage:
	swift test --enable-code-coverage $(SWIFT_FLAGS)
	@$(LLVM_COV) report "$$(swift build --show-bin-path)/apusPackageTests.xctest" \
	    -instr-profile="$$(swift build --show-bin-path)/codecov/default.profdata" \
	    -ignore-filename-regex='/(\.build|Tests)/'

## clean: remove what was built; the downloads in .cache stay
clean:
	rm -rf .build

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; do \
	    printf '  make %-14s%s\n' "$$target" "$$text"; done
