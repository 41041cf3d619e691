"""What a card does where the emulation had to guess, asked of the CANN libraries themselves.

    table of questions ─ runner ─► a fresh process each ─ ctypes ─► libascendcl.so, libhccl.so
           │                                   │
           └────────── answers ◄───────────────┘ ──► JSON file ──► `yr-fake-cann run --calibration`
                          └─ beside emulated.json ──► report of the differences

The same code asks a card and yr-fake-cann; neither torch nor the datasystem is needed.
"""
