<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The service refused the request as malformed. */
final class BadRequestException extends ServiceException
{
}
