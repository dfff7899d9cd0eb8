<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

/** Handlers of signals (pcntl) during a wait: they run at points where nothing is lost if one throws. */
final class Signals
{
    /**
     * Makes a call during which handlers run only where it says so, and then lets those run that are due. If one throws, what
     * the call returned is kept.
     *
     * @template T
     * @param \Closure(): T $call
     * @param \Closure(T): void $keep
     * @return T
     */
    public static function guard(\Closure $call, \Closure $keep): mixed
    {
        $isAsync = function_exists('pcntl_async_signals') && pcntl_async_signals(false);
        $result = null;
        try {
            $result = $call();
            self::restore($isAsync);
            return $result;
        } catch (\Throwable $failure) {
            if ($result !== null) {
                $keep($result);
            }
            self::restore($isAsync);
            throw $failure;
        }
    }

    /** Runs the handlers that are due. */
    public static function handle(): void
    {
        if (function_exists('pcntl_signal_dispatch')) {
            pcntl_signal_dispatch();
        }
    }

    private static function restore(bool $isAsync): void
    {
        if ($isAsync) {
            pcntl_async_signals(true);
            pcntl_signal_dispatch();
        }
    }
}
