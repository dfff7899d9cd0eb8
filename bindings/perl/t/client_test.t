# Calls that block the program, their ends, and their arguments.

use 5.014;
use strict;
use warnings;
use utf8;

use FindBin  ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use lib "$FindBin::Bin/lib";
use Anchor::Events;
use Server qw(PATIENCE failure_of finish signal_later);

my $client = Anchor::Events->new;

subtest 'C01: a wait that is blocked returns the data of an event that is signaled meanwhile' => sub {
    my $other = signal_later( 'blocked', { code => '123456' } );
    my $event = $client->wait('blocked');
    is_deeply( $event->data, { code => '123456' } );
    is( $event->name,          'blocked' );
    is( ( finish($other) )[0], 0 );
};

subtest 'C02 C10: a signal that comes first is kept; without data it has an empty object' => sub {
    $client->signal('first');
    is_deeply( $client->wait( 'first', timeout => 0 )->data, {} );
};

subtest 'C04 C05 C21: a wait ends at its timeout' => sub {
    for my $timeout ( 0, 0.2 ) {
        my $began   = time;
        my $failure = failure_of( sub { $client->wait( 'quiet', timeout => $timeout ) } );
        cmp_ok( time - $began, '>=', $timeout );
        isa_ok( $failure, 'Anchor::Events::Error::Timeout' );
        isa_ok( $failure, 'Anchor::Events::Error' );
        is_deeply( [ map { $failure->$_ } qw(status code phase) ], [ 'ANCHOR_TIMEOUT', 408, 'receive' ] );
        ok( $failure->timed_out && !$failure->maybe_consumed );
        like( "$failure", qr/\Athe event was not signaled .* at \S+client_test[.]t line \d+[.]\n\z/ );
    }
};

subtest 'C06: a wait without limit' => sub {
    my $other = signal_later('no limit');
    is_deeply( $client->wait( 'no limit', timeout => undef )->data, {} );
    is( ( finish($other) )[0], 0 );
};

subtest 'C07 C08: data arrives as it was sent' => sub {
    my $data = {
        null     => undef,
        booleans => [ JSON::PP::true, JSON::PP::false ],
        numbers  => [ 0, -1, 9_007_199_254_740_992, 1e30, 0.1, 1e300 ],
        text     => "\0 \x{1} ✓ é \x{1F511} \\ \" \n",
        nested   => { q{} => [ [], {}, [ { a => [undef] } ] ] },
    };
    $client->signal( 'kinds', $data );
    my $event = $client->wait( 'kinds', timeout => 0 );
    is_deeply( $event->data, $data );
    isa_ok( $event->data->{booleans}[0], 'JSON::PP::Boolean' );
    like( $event->raw, qr/\A[{]"data":/ );
    ok( !utf8::is_utf8( $event->raw ), 'bytes' );
};

subtest 'C09: any text is a name' => sub {
    for my $name ( 'a b/c', '100%', '%2F', "événement ✓ \x{1F511}", '...', 'a?b#c' ) {
        $client->signal( $name, { name => $name } );
        is_deeply( $client->wait( $name, timeout => 0 )->data, { name => $name } );
    }
};

subtest 'C11: events in a loop' => sub {
    $client->signal( 'loop', { number => $_ } ) for 1 .. 3;
    my @taken;
    my $next = $client->events('loop');
    while ( my $event = $next->() ) {
        push @taken, $event->data->{number};
        last if @taken == 2;
    }
    is_deeply( \@taken, [ 1, 2 ] );
    is( $client->wait( 'loop', timeout => 0 )->data->{number}, 3 );
};

subtest 'C12: a drain' => sub {
    $client->signal('drained') for 1 .. 3;
    is( $client->drain('drained'),                 3 );
    is( $client->drain( 'drained', timeout => 0 ), 0 );
};

subtest 'C19: closing ends a wait, and refuses other calls' => sub {
    my $closed = Anchor::Events->new;
    local $SIG{ALRM} = sub { $closed->close };
    my $parent = $$;
    my $other  = signal_later( 'closed', {}, sub { kill ALRM => $parent } );
    isa_ok( failure_of( sub { $closed->wait( 'closed', timeout => PATIENCE ) } ), 'Anchor::Events::Error::Cancelled' );
    finish($other);
    is( $client->drain('closed'), 1 );
    $closed->close;

    for my $call (qw(wait signal drain set_api_key stats queue)) {
        like( failure_of( sub { $closed->$call('x') } ), qr/\Athe client is closed at \S+client_test[.]t/ );
    }
};

subtest 'C26: a name, data or options of another type are refused' => sub {
    for my $wrong ( undef, [], {}, sub { } ) {
        for my $call (qw(wait signal drain)) {
            like( failure_of( sub { $client->$call($wrong) } ), qr/\Aevent name is not .* at \S+client_test[.]t/ );
        }
    }
    like( failure_of( sub { $client->wait( 'x', 'timeout' ) } ),  qr/not pairs/ );
    like( failure_of( sub { $client->wait( 'x', limit => 1 ) } ), qr/\Alimit is not a setting/ );
};

subtest 'C27: a name that is none is refused' => sub {
    for my $wrong ( q{}, q{.}, q{..}, 'x' x 4097 ) {
        for my $call (qw(wait signal drain)) {
            my $failure = failure_of( sub { $client->$call($wrong) } );
            isa_ok( $failure, 'Anchor::Events::Error::InvalidArgument' );
            like( $failure->message, qr/event_name/ );
        }
    }
};

subtest 'C28: U+0000 is refused' => sub {
    for my $call (qw(wait signal drain)) {
        like( failure_of( sub { $client->$call("cut\0off") } ), qr/\Aevent name contains U[+]0000/ );
    }
    like( failure_of( sub { Anchor::Events->new( proxy => "http://127.0.0.1\0.example" ) } ), qr/\Aproxy contains U[+]0000/ );
};

subtest 'C29: a time that is none is refused' => sub {
    for my $wrong ( -1, -0.001, 9**9**9, -9**9**9, 9**9**9 / 9**9**9, 1e300, 'a minute', [] ) {
        for my $call (qw(wait signal drain)) {
            my @data = $call eq 'signal' ? ( {} ) : ();
            like( failure_of( sub { $client->$call( 'x', @data, timeout => $wrong ) } ), qr/\Atimeout is / );
        }
        like( failure_of( sub { Anchor::Events->new( grace => $wrong ) } ), qr/\Agrace is / );
    }
};

subtest 'C30: data that is not an object, or that JSON cannot express' => sub {
    for my $wrong ( 'text', [], 1, { x => sub { } }, { x => \'secret' }, { x => 9**9**9 }, { x => -sin 9**9**9 } ) {
        my $failure = failure_of( sub { $client->signal( 'never', $wrong ) } );
        like( "$failure", qr/data/ );
        unlike( "$failure", qr/secret/ );
    }
    is( $client->drain('never'), 0 );
};

subtest 'C32: options of one call' => sub {
    my $failure = failure_of( sub { $client->wait( 'status_400', request_id => 'trace-1', headers => { 'x-one' => 1 } ) } );
    is( $failure->details->{requestId}, 'trace-1' );
    $failure = failure_of( sub { $client->wait( 'status_503', timeout => 30, retries => 0 ) } );
    is( $failure->details->{attempts}, 1 );
    $failure = failure_of( sub { $client->signal( 'status_503', {}, retries => 0, request_id => 'trace-2' ) } );
    is( $failure->details->{requestId}, 'trace-2' );
    like( failure_of( sub { $client->wait( 'x', headers => { 'content-length' => 1 } ) } ), qr/header/ );
};

done_testing;
