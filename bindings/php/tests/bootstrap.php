<?php

declare(strict_types=1);

// The package as composer has installed it, and the classes of this folder.
require getenv('ANCHOR_AUTOLOAD');
require __DIR__ . '/Child.php';
require __DIR__ . '/ServerTestCase.php';
