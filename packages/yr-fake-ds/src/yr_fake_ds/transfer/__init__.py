"""What `TransferEngine` does: reads of NPU memory that another process has registered.

    requester                                owner
      read -- host:port -->  its server:     is all of that registered?  no: refused
           <-- names ------                  lends it, by the names that CANN gives
      copies it itself, by CANN's memory sharing
           -- finished --->                  unregister waits for the end of the loan

No datasystem worker takes part.
"""
