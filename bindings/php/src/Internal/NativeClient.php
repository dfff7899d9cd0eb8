<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

use AnchorEvents\Exception\ClosedException;

/** A client of the library, until the last queue of it is gone. */
final class NativeClient
{
    private readonly Handle $handle;
    private bool $isClosed = false;

    /** @param array<string, mixed> $settings */
    public function __construct(#[\SensitiveParameter] array $settings)
    {
        $config = new Handle('anchor_config');
        Settings::apply($config, 'anchor_config', Settings::SETTERS, $settings);
        $make = static fn (\FFI\CData $out): int => Library::get()->anchor_client_new($config->pointer(), $out);
        $this->handle = new Handle('anchor_client', $make);
    }

    /** The client, if it was not closed. */
    public function pointer(): \FFI\CData
    {
        return $this->isClosed ? throw new ClosedException('the client is closed') : $this->handle->pointer();
    }

    public function setApiKey(#[\SensitiveParameter] string $apiKey): void
    {
        $key = Arguments::text('apiKey', $apiKey);
        Library::check(Library::get()->anchor_client_set_api_key($this->pointer(), $key));
    }

    /** @return array<string, mixed> */
    public function stats(): array
    {
        $out = Library::get()->new('char *');
        Library::check(Library::get()->anchor_client_stats($this->pointer(), \FFI::addr($out)));
        return json_decode(Library::takeText($out), true);
    }

    public function close(): void
    {
        $this->isClosed = true;
        Library::get()->anchor_client_cancel_all($this->handle->pointer());
    }
}
