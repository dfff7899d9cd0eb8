<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The call was cancelled, or its client closed. */
final class CancelledException extends FailedException
{
}
