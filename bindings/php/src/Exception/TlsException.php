<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The certificate or the TLS handshake was refused. */
final class TlsException extends FailedException
{
}
