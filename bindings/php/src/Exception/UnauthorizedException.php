<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The API key is not valid. */
final class UnauthorizedException extends ServiceException
{
}
