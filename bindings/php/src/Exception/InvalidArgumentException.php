<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** An argument, a setting or a variable of the environment is missing or not valid; the message names it. */
final class InvalidArgumentException extends \InvalidArgumentException implements AnchorException
{
    use Failed;
}
