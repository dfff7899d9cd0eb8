<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

use AnchorEvents\Exception\ClosedException;
use AnchorEvents\Status;

/** A handle of the library, which is freed once, at the latest when nobody refers to it any more. */
final class Handle
{
    private ?\FFI\CData $pointer = null;

    /**
     * @param string $type what the handle points to, such as anchor_client
     * @param ?\Closure $make gets where to write the handle, and returns the status; null for the function that ends in _new
     */
    public function __construct(private readonly string $type, ?\Closure $make = null)
    {
        if ($make === null) {
            $this->pointer = Library::get()->{"{$type}_new"}();
            Library::check($this->pointer === null ? Status::OutOfMemory->value : Status::Ok->value);
        } else {
            $pointer = Library::get()->new("$type *");
            Library::check($make(\FFI::addr($pointer)));
            $this->pointer = $pointer;
        }
    }

    public function __destruct()
    {
        $this->free();
    }

    public function pointer(): \FFI\CData
    {
        return $this->pointer ?? throw new ClosedException('it is closed');
    }

    public function isFreed(): bool
    {
        return $this->pointer === null;
    }

    public function free(): void
    {
        [$pointer, $this->pointer] = [$this->pointer, null];
        if ($pointer !== null) {
            Library::get()->{"{$this->type}_free"}($pointer);
        }
    }

    /** @return array<string, mixed> */
    public function __debugInfo(): array
    {
        return [];
    }
}
