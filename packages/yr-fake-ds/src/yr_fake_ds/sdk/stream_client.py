"""`StreamClient`, `Producer`, `Consumer`: named, so that imports work, and refused when used."""

from typing import Any, NoReturn

from yr_fake_ds.errors import NotSupportedError
from yr_fake_ds.sdk.identity import known_as

REASON = "streams are not emulated"


@known_as("yr.datasystem.stream_client")
class StreamClient:
    """Takes the real one's arguments; `init` and every other call raise NotSupportedError."""

    def __init__(
        self,
        host: str,
        port: int,
        client_public_key: str = "",
        client_private_key: str = "",
        server_public_key: str = "",
        access_key: str = "",
        secret_key: str = "",
        token: str = "",
        tenant_id: str = "",
        enable_exclusive_connection: bool = False,
    ) -> None:
        self._address = (host, port)

    def init(self) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.init", REASON)

    def create_producer(
        self,
        stream_name: str,
        delay_flush_time_ms: int = 5,
        page_size_byte: int = 1024 * 1024,
        max_stream_size_byte: int = 1024 * 1024 * 1024,
        auto_cleanup: bool = False,
        retain_for_num_consumers: int = 0,
        encrypt_stream: bool = False,
        reserve_size: int = 0,
    ) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.create_producer", REASON)

    def subscribe(self, stream_name: str, sub_name: str, subscription_type: int) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.subscribe", REASON)

    def delete_stream(self, stream_name: str) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.delete_stream", REASON)

    def query_global_producer_num(self, stream_name: str) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.query_global_producer_num", REASON)

    def query_global_consumer_num(self, stream_name: str) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("StreamClient.query_global_consumer_num", REASON)


@known_as("yr.datasystem.stream_client")
class Producer:
    """Cannot exist without a StreamClient."""

    def __init__(self, producer: Any) -> None:
        raise NotSupportedError("Producer", REASON)

    def send(self, element_bytes: Any, timeout_ms: int | None = None) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Producer.send", REASON)

    def close(self) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Producer.close", REASON)


@known_as("yr.datasystem.stream_client")
class Consumer:
    """Cannot exist without a StreamClient."""

    def __init__(self, consumer: Any) -> None:
        raise NotSupportedError("Consumer", REASON)

    def receive(self, expect_num: int, timeout_ms: int) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Consumer.receive", REASON)

    def receive_any(self, timeout_ms: int) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Consumer.receive_any", REASON)

    def ack(self, element_id: int) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Consumer.ack", REASON)

    def close(self) -> NoReturn:
        """Refuse."""
        raise NotSupportedError("Consumer.close", REASON)
