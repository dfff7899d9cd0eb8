<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The service refused the request, or failed. */
class ServiceException extends FailedException
{
}
