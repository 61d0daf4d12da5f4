"""`make reset`: forget what `make run` keeps. The test servers and the setup stay."""

import sys

from ops import place, servers
from ops.postgres import Postgres
from ops.process import StartError
from ops.redis import Redis
from ops.run import RunningError, only_one


def main() -> int:
    """Stop our servers and remove their data; refuses while `make run` is going on."""
    var = servers.var_folder()
    if not var.exists():
        return 0
    try:
        with only_one(var):
            Postgres(var).stop()
            Redis(var).stop()
            place.forget(var)
    except (RunningError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    print("The registry's data are forgotten; `make run` starts anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
