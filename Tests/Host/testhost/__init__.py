"""The nested test host: real guests on real KVM, on a machine that may have none.

    run.py ── Debian kernels, userlands (.cache) ── a place with KVM ── inside.py ── cases/*.py ── guests
                                                     │
                                                     ├ this machine, when its KVM runs ordinary guests
                                                     └ a Debian kernel under emulated SVM, booted once (nested.py)

`debian` and `kernels` fetch and unpack packages, `userland` builds what guests run, `nested` boots the host,
`inside` runs the cases in it, and `guest`, `console` and `qmp` are the words the cases are written in.
"""
