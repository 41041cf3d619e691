"""Reports: what becomes of a run's outcomes, for people, CI services and other programs.

    Results --> Run --> report.json --read--> Run, Run, ... --> summary.md, report.html, ...

Everything in a folder is made from the same `Run`s, so that no two files of it disagree.
"""
