"""GetUserConfiguration: there is none, ever (ErrorItemNotFound).

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuserconfiguration-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.soap import failure, response


def get_user_configuration(_call: Call) -> str:
    """Answer that nothing of that name is stored."""
    message = failure("GetUserConfiguration", EwsError("ErrorItemNotFound"))
    return response("GetUserConfiguration", [message])
