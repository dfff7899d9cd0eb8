<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The service does not know this. */
final class NotFoundException extends ServiceException
{
}
