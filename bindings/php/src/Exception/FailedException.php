<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** Any failure that has no class of its own. */
class FailedException extends \RuntimeException implements AnchorException
{
    use Failed;
}
