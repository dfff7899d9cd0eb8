<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The service or a gateway failed. */
final class ServerErrorException extends ServiceException
{
}
