<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

/** Each program of the README runs as it stands there. */
final class ReadmeTest extends ServerTestCase
{
    private const PRINTED = ["123456\n", "124750\n1\n", "cancelled\n", "not signaled in time: Timeout\n", "1\n"];

    public function testItRuns(): void
    {
        preg_match_all('/```php\n(.*?)```/s', file_get_contents(dirname(__DIR__) . '/README.md'), $found);
        self::assertCount(count(self::PRINTED), $found[1]);
        foreach ($found[1] as $number => $program) {
            $program = str_replace("'vendor/autoload.php'", "getenv('ANCHOR_AUTOLOAD')", $program, $count);
            self::assertSame(1, $count);
            $child = new Child([PHP_BINARY, '-d', 'display_errors=stderr', '-r', str_replace('<?php', '', $program)]);
            self::assertSame([self::PRINTED[$number], '', 0], $child->end());
        }
    }
}
