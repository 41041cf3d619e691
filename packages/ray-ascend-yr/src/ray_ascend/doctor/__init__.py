"""`python -m ray_ascend doctor`: what a user needs to know when something does not work.

    command_line --> examination --+--> versions, configuration, ports, memory, etcd
                                   +--> probe sdk | npu | cluster       child processes
                                                            +--> probe worker   on each Ray node

It only looks: it starts no Ray cluster, no worker and no actor. What can hang or crash the process
(the SDK, torch_npu, a Ray cluster that does not answer) runs in a child that has limited time.
"""
