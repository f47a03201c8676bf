"""The training engine: untrusted code in boxes, scores outside of them.

``wire``        what crosses the wall: values, messages with descriptors, predictions
``parcel``      X and y on their way into a box
``box``         the one module that knows how a box is made, and what this machine can promise
``wall, nest``  the outer and the inner wall of a box
``zygote``      the process inside the outer wall that forks one fresh box per fold
``runner``      what runs inside the box beside the submission
``host``        the trusted side of one fold: clock, log, limits, verdict
``scorer``      the trusted process that holds a problem's labels
``executors``   where folds run: on this machine, or elsewhere
``engine``      the facade: start here

Nothing of this knows the database, the services or the web. The modules that run inside a box
need the standard library and numpy only, because a problem may bring an interpreter of its own.
"""
