"""The sandbox: imitations of the partners Airstair talks to, on one local port.

It exists so that anyone can try Airstair, or any other client, against a partner without an account there, and
so that tests can make a partner slow, broken or angry at will. It must never share code with what it checks: the
shell and every imitation import `airstair.kernel` and nothing else of Airstair, and no partner is named here; the
shell finds them (`discovery`) in the add-ons' folders.

What is where:

* `partner`    what an imitation is: a transport-free object that turns one `Call` into one `Answer`
* `discovery`  finds the imitations
* `host`       one partner at run time: faults, journal, persistence around the imitation
* `faults`     the fault switches, `journal` the calls received, `store` what survives a restart
* `server`     the HTTP server: partners under `/<key>`, control API under `/control`, pages under `/inspect`
* `running`    the server inside a test: start there
"""
