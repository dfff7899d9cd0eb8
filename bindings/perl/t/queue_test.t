# Many waits on one queue.

use 5.014;
use strict;
use warnings;

use FindBin    ();
use IO::Select ();
use Test::More;

use lib "$FindBin::Bin/lib";
use Anchor::Events;
use Server qw(PATIENCE await await_waiting failure_of text_of waiting);

use constant MANY => 500;

my $client = Anchor::Events->new;

subtest 'C01 C03: each signal ends one wait' => sub {
    my $queue = $client->queue;
    $queue->start( 'shared', tag => $_ ) for 1 .. 4;
    await_waiting( 'shared', 4 );
    $client->signal( 'shared', { number => $_ } ) for 1 .. 4;
    my @ends = map { $queue->next } 1 .. 4;
    is_deeply( [ sort map { $_->event->data->{number} } @ends ], [ 1 .. 4 ] );
    is_deeply( [ sort map { $_->tag } @ends ],                   [ 1 .. 4 ] );
    is( $ends[0]->name, 'shared' );
    is( $queue->next,   undef );
};

subtest 'C04 C05: the ends of a wait' => sub {
    my $queue = $client->queue;
    $queue->start( 'quiet', timeout => $_ )                    for 0, 0.2;
    ok( failure_of( sub { $queue->next->event } )->timed_out ) for 1, 2;
    $queue->start('quiet');
    is( $queue->next( timeout => $_ ), undef ) for 0, 0.2;
    is( $queue->running, 1 );
};

subtest 'C13 C19: a wait is cancelled, and the service sees it leave' => sub {
    my $queue = $client->queue;
    my $wait  = $queue->start( 'left', timeout => undef );
    $queue->start( 'right', timeout => undef );
    await_waiting( 'left', 1 );
    $wait->cancel;
    isa_ok( failure_of( sub { $queue->next->event } ), 'Anchor::Events::Error::Cancelled' );
    await_waiting( 'left', 0 );
    is( waiting('right'), 1 );
    $queue->cancel_all;
    isa_ok( failure_of( sub { $queue->next->event } ), 'Anchor::Events::Error::Cancelled' );
    my $other = Anchor::Events->new;
    $queue = $other->queue;
    $queue->start('of another');
    $other->close;
    isa_ok( failure_of( sub { $queue->next->event } ), 'Anchor::Events::Error::Cancelled' );
    like( failure_of( sub { $queue->start('x') } ), qr/the client is closed at \S+queue_test[.]t/ );
};

subtest 'C16: an event that had arrived when its wait was cancelled is not lost' => sub {
    my $other = Anchor::Events->new;
    my $queue = $other->queue;
    my $wait  = $queue->start('arrived');
    await_waiting( 'arrived', 1 );
    $client->signal( 'arrived', { n => 7 } );
    await( sub { return $other->stats->{answers} == 1 } );
    $wait->cancel;
    is_deeply( $queue->next->event->data, { n => 7 } );
};

subtest 'C39 C40: many waits take one descriptor, and the program goes on' => sub {
    my $queue = $client->queue;
    $queue->start( "job_$_", tag => $_, timeout => 120 ) for 1 .. MANY;
    await( sub { return waiting() == MANY } );
    my ($threads) = text_of('/proc/self/status') =~ /Threads:\s*(\d+)/;
    cmp_ok( $threads, '<=', 4 );

    pipe my $read, my $write or die $!;
    my $select = IO::Select->new( $read, $queue->fileno );
    is_deeply( [ $select->can_read(0) ], [] );
    syswrite $write, 'x';
    is_deeply( [ $select->can_read(PATIENCE) ], [$read] );
    $select->remove($read);

    $client->signal( "job_$_", { job => $_ } ) for 1 .. MANY;
    my %taken;
    while ( keys %taken < MANY ) {
        $select->can_read(PATIENCE) or die 'it does not come';
        while ( my $end = $queue->next( timeout => 0 ) ) {
            $taken{ $end->tag } = $end->event->data->{job};
        }
    }
    is_deeply( \%taken, { map { $_ => $_ } 1 .. MANY } );
    is( $queue->running, 0 );
};

subtest 'C42: a client and a wait that nobody refers to' => sub {
    my $queue = Anchor::Events->new->queue;
    $queue->start('collected');
    await_waiting( 'collected', 1 );
    $client->signal( 'collected', { still => 'there' } );
    my $end = $queue->next;
    undef $queue;
    is_deeply( $end->event->data, { still => 'there' } );
    {
        my $dropped = $client->queue;
        $dropped->start('dropped');
        await_waiting( 'dropped', 1 );
    }
    await_waiting( 'dropped', 0 );
};

subtest 'C26 C27: what is wrong is refused' => sub {
    my $queue = $client->queue;
    like( failure_of( sub { $queue->start(undef) } ),          qr/\Aevent name is not defined at \S+queue_test[.]t/ );
    like( failure_of( sub { $queue->next( timeout => -1 ) } ), qr/\Atimeout is negative/ );
    like( failure_of( sub { $queue->start(q{..}) } ),          qr/event_name/ );
    is( $queue->running, 0 );
};

done_testing;
