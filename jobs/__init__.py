"""One file per stage; jobs/runtime holds the few shared parts."""
