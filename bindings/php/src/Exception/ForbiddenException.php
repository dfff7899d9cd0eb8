<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The API key may not do this. */
final class ForbiddenException extends ServiceException
{
}
