"""The flags of the released worker, by kind, and those that ask for what the fake cannot do.

Names, kinds and defaults as in the configuration file of openyuanrong-datasystem 0.8.1, and
`authorization_enable`, which its worker takes too: without an IAM service no client gets an answer
then. The fake acts on the flags of `WorkerSettings`; of the others it accepts those that decide
about speed, logs and threads, and refuses the values that would change what a client can observe.
"""

from collections.abc import Mapping
from typing import Final

BOOLEANS: Final = frozenset(
    """
    async_delete authorization_enable auto_del_dead_node cross_cluster_get_data_from_worker
    cross_cluster_get_meta_from_worker enable_cloud_service_token_rotation enable_curve_zmq
    enable_data_replication enable_distributed_master enable_etcd_auth enable_fallocate
    enable_hash_ring_self_healing enable_huge_tlb enable_l2_cache_fallback
    enable_lossless_data_exit_mode enable_meta_replica enable_metadata_recovery
    enable_p2p_transfer enable_perf_trace_log enable_rdma enable_reconciliation enable_redirect
    enable_stream_data_verification enable_thp enable_transport_fallback
    enable_ub_numa_affinity enable_urma enable_worker_worker_batch_get
    ipc_through_shared_memory log_async log_compress log_monitor log_only_write_info_file
    obs_https_enabled oc_io_from_l2cache_need_metadata rdma_register_whole_arena
    shared_memory_populate skip_authenticate spill_enable_readahead spill_to_remote_worker
    start_metastore_service urma_event_mode urma_register_whole_arena
    """.split()
)
NUMBERS: Final = frozenset(
    """
    add_node_wait_time_s arena_per_tenant batch_get_threshold_mb check_async_queue_empty_time_s
    client_dead_timeout_s client_reconnect_wait_s data_migrate_rate_limit_mb
    distributed_disk_compact_interval_s distributed_disk_max_data_file_size_mb
    distributed_disk_sync_batch_bytes distributed_disk_sync_interval_ms etcd_meta_pool_size
    eviction_reserve_mem_threshold_mb eviction_thread_num heartbeat_interval_ms io_thread_nice
    l2_cache_async_write_queue_size l2_cache_async_write_rate_limit_mb
    l2_cache_delete_thread_num log_async_queue_size log_monitor_interval_ms log_rate_limit
    log_retention_day logbufsecs logfile_mode master_sc_thread_num max_client_num
    max_log_file_num max_log_size max_rpc_session_num memory_alignment
    memory_reclamation_time_second minloglevel node_dead_timeout_s node_timeout_s
    object_del_retry_delay_sec oc_shm_threshold_percentage oc_shm_transfer_threshold_kb
    oc_thread_num oc_worker_aggregate_merge_size oc_worker_aggregate_single_max
    oc_worker_worker_direct_port oc_worker_worker_parallel_min oc_worker_worker_parallel_nums
    oc_worker_worker_pool_size page_size payload_nocopy_threshold remote_send_thread_num
    request_expire_time_s rocksdb_background_threads rocksdb_max_open_file rpc_thread_num
    sc_cache_pages sc_gc_interval_ms sc_local_cache_memory_size_mb sc_metrics_log_interval_s
    sc_regular_socket_num sc_scan_interval_ms sc_scan_num_buckets sc_scan_thread_num
    sc_shared_page_group_count sc_shared_page_size_mb sc_shm_threshold_percentage
    sc_stream_socket_num sc_thread_num sc_worker_worker_direct_port sc_worker_worker_pool_size
    shared_disk_arena_per_tenant shared_disk_size_mb shared_memory_size_mb
    shared_memory_worker_port spill_file_max_size_mb spill_file_open_limit spill_size_limit
    spill_thread_num stream_idle_time_s urma_connection_size urma_max_write_size_mb
    urma_poll_size v zmq_chunk_sz zmq_client_io_context zmq_client_io_thread
    zmq_server_io_context
    """.split()
)
TEXTS: Final = frozenset(
    """
    cluster_name curve_key_dir distributed_disk_path etcd_address etcd_ca etcd_cert etcd_key
    etcd_passphrase_path etcd_password etcd_target_name_override etcd_username
    health_check_path host_id_env_name iam_kit kv_events_config l2_cache_type log_dir
    log_filename log_monitor_exporter metastore_address monitor_config_file obs_access_key
    obs_bucket obs_endpoint obs_secret_key other_cluster_names ready_check_path
    remote_h2d_device_ids rocksdb_store_dir rocksdb_write_mode sc_encrypt_secret_key sfs_path
    shared_disk_directory shared_memory_distribution_policy spill_directory system_access_key
    system_data_key system_secret_key tenant_access_key tenant_secret_key
    unix_domain_socket_dir urma_mode worker_address yuanrong_iam_ca yuanrong_iam_cert
    yuanrong_iam_key yuanrong_iam_passphrase yuanrong_iam_url
    """.split()
)

_OFF: Final = frozenset({"false", "f", "no", "n", "0"})
_SECURITY: Final = "it checks no identity and encrypts nothing"
_HARDWARE: Final = "there is no such hardware in it; use the released dscli"
_DISK: Final = "it keeps all values in memory and writes none to a disk or to object storage"
DEMANDING: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "l2_cache_type": (frozenset({"none"}), _DISK),
    "spill_directory": (frozenset(), _DISK),
    "shared_disk_directory": (frozenset(), _DISK),
    "spill_to_remote_worker": (_OFF, "a full worker is full"),
    "enable_lossless_data_exit_mode": (_OFF, "values of a stopped worker are lost"),
    "enable_data_replication": (
        frozenset({"true", "t", "yes", "y", "1"}),
        "a value read from another worker is always kept as a replica",
    ),
    "enable_meta_replica": (_OFF, "metadata is kept by one worker only"),
    "enable_metadata_recovery": (_OFF, "metadata is lost with the worker that keeps it"),
    "other_cluster_names": (frozenset(), "it has one cluster"),
    "kv_events_config": (frozenset(), "it publishes no events"),
    "remote_h2d_device_ids": (frozenset(), _HARDWARE),
    "enable_huge_tlb": (_OFF, _HARDWARE),
    "enable_rdma": (_OFF, _HARDWARE),
    "enable_urma": (_OFF, _HARDWARE),
    "authorization_enable": (_OFF, _SECURITY),
    "enable_curve_zmq": (_OFF, _SECURITY),
    "enable_etcd_auth": (_OFF, _SECURITY),
    "etcd_username": (frozenset(), _SECURITY),
    "etcd_ca": (frozenset(), _SECURITY),
    "iam_kit": (frozenset({"none"}), _SECURITY),
    "system_access_key": (frozenset(), _SECURITY),
    "tenant_access_key": (frozenset(), _SECURITY),
}
"""A flag with the values that are harmless (the empty one always is), and why others are not."""
