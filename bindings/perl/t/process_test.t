# What concerns the whole process: Ctrl-C, handlers of signals, exit, fork, memory.

use 5.014;
use strict;
use warnings;

use Config;
use FindBin ();
use POSIX   ();
use Test::More;
use Time::HiRes qw(setitimer ITIMER_REAL);

use lib "$FindBin::Bin/lib";
use Anchor::Events;
use Server qw(PATIENCE await await_waiting child failure_of finish signal_later text_of waiting);

my $client = Anchor::Events->new;

sub is_blocked {
    my ($process) = @_;
    return text_of("/proc/$process/stat") =~ /[)] S/;
}

my %calls = (
    wait   => 'Anchor::Events->new->wait("ctrl_c", timeout => undef)',
    events => 'Anchor::Events->new->events("ctrl_c")->()',
    queue  => 'my $queue = Anchor::Events->new->queue; $queue->start("ctrl_c", timeout => undef); $queue->next',
);
for my $call ( sort keys %calls ) {
    subtest "C17: Ctrl-C ends $call" => sub {
        for my $handler ( q{}, '$SIG{INT} = sub { die "interrupted\n" };' ) {
            my ( $process, undef, $output ) = child("use Anchor::Events; $handler $calls{$call}");
            await_waiting( 'ctrl_c', 1 );
            await( sub { return is_blocked($process) } );
            kill INT => $process;
            my ( $status, $printed ) = finish( $process, $output );
            $handler ? is( $printed, "interrupted\n" ) : is( $status & 127, POSIX::SIGINT() );
            await_waiting( 'ctrl_c', 0 );
        }
    };
}

subtest 'C13 C15 C17: a handler that dies ends a signal, and one that returns does not' => sub {
    my $count = 0;
    local $SIG{ALRM} = sub {
        return if ++$count < 3;
        setitimer( ITIMER_REAL, 0 );
        die "stopped\n";
    };
    is( failure_of( sub { setitimer( ITIMER_REAL, 0.1, 0.1 ); $client->signal( 'hang', {}, timeout => undef ) } ),
        "stopped\n" );
    is( $count,                                 3 );
    is( $client->stats->{connections}{waiting}, 0 );
};

subtest 'C13: an alarm ends a wait, as it ends other calls' => sub {
    local $SIG{ALRM} = sub { die "alarm\n" };
    is( failure_of( sub { alarm 1; $client->wait( 'alarm', timeout => undef ) } ), "alarm\n" );
    await_waiting( 'alarm', 0 );
};

subtest 'C18: a handler that returns does not end a wait' => sub {
    my $handled = 0;
    local $SIG{USR1} = sub { $handled++ };
    my $other  = Anchor::Events->new;
    my $parent = $$;
    my $child
        = signal_later( 'handled', { n => 3 }, sub { kill( USR1 => $parent ), select undef, undef, undef, 0.02 for 1 .. 3 } );
    is_deeply( $other->wait( 'handled', timeout => PATIENCE )->data, { n => 3 } );
    cmp_ok( $handled, '>=', 1 );
    is( $other->stats->{waits}, 1 );
    is( ( finish($child) )[0],  0 );
};

# At each of many moments of a wait whose event is there.
subtest 'C16: no event is lost, whenever a handler dies' => sub {
    my ( $interrupted, $wrong ) = ( 0, 0 );
    local $SIG{ALRM} = sub {

        # Not in this test itself, which would lose the event.
        return if ( caller 0 )[0] !~ /\AAnchor::Events/;
        $interrupted++;
        die "stopped\n";
    };
    for my $round ( 1 .. 600 ) {
        $client->signal( 'stopped', { round => $round } );
        my $event;
        eval {
            setitimer( ITIMER_REAL, 1e-6 * ( 1 + $round * 5 ) );
            $event = $client->wait( 'stopped', timeout => PATIENCE );
            1;
        };
        setitimer( ITIMER_REAL, 0 );
        $event //= eval { $client->wait( 'stopped', timeout => 0 ) };
        $wrong++ if !$event || $event->data->{round} != $round;
    }
    is( $wrong, 0 );
    cmp_ok( $interrupted, '>', 20 );
    is( $client->drain('stopped'), 0 );
};

subtest 'C43: a process exits at once with waits open' => sub {
    my $open
        = 'use Anchor::Events; my $client = Anchor::Events->new; my $queue = $client->queue; $queue->start("open", timeout => undef);';
    my %ends = (
        0 => '<STDIN>',
        7 => '<STDIN>; exit 7',
        8 => '$SIG{ALRM} = sub { exit 8 }; <STDIN>; alarm 1; $client->wait("open", timeout => undef)',
        9 => '$SIG{ALRM} = sub { exit 9 }; <STDIN>; alarm 1; $client->signal("hang", {}, timeout => undef)',
    );
    for my $code ( sort keys %ends ) {
        my ( $process, $input, $output ) = child("$open $ends{$code}");
        await( sub { return waiting('open') >= 1 } );
        syswrite $input, "\n";
        is_deeply( [ finish( $process, $output ) ], [ $code << 8, q{} ] );
        await_waiting( 'open', 0 );
    }
};

subtest 'C44: a child of fork uses a client of its parent' => sub {
    $client->signal( 'child', { to => 'the child' } );
    $client->drain('nothing');
    my $process = fork // die $!;
    if ( !$process ) {
        my $event = eval { $client->wait( 'child', timeout => PATIENCE ) };
        POSIX::_exit( $event && $event->data->{to} eq 'the child' ? 0 : 1 );
    }
    is( ( finish($process) )[0], 0 );
    $client->signal('child');
    is_deeply( $client->wait( 'child', timeout => 0 )->data, {} );
};

subtest 'C44: an event that was kept stays with the parent of a fork' => sub {
    my $kept = Anchor::Events::Event->new( 'kept', '{"data":{"for":"the parent"}}' );
    push @{ $client->{kept}{kept} }, $kept;
    my $process = fork // die $!;
    if ( !$process ) {
        my $event = eval { $client->wait( 'kept', timeout => 0 ) };
        POSIX::_exit( $event ? 1 : 0 );
    }
    is( ( finish($process) )[0],               0 );
    is( $client->wait( 'kept', timeout => 0 ), $kept );
};

subtest 'a thread does not free what is its parent\'s' => sub {
    plan skip_all => 'perl was built without threads' if !$Config{useithreads};
    require threads;
    my $queue = $client->queue;
    $queue->start('of the parent');
    my $failure = threads->create(
        sub {
            return eval { $client->wait( 'x', timeout => 0 ); 1 } ? q{} : $@;
        }
    )->join;
    like( $failure, qr/Anchor::Events::Library::Client/ );
    $client->signal('of the parent');
    is_deeply( $queue->next->event->data, {} );
};

subtest 'C45: thousands of calls leave nothing behind' => sub {
    my $queue = $client->queue;
    my $calls = sub {
        for ( 1 .. shift ) {
            $client->signal( 'many', { filler => 'x' x 8192 } ) for 1, 2;
            $client->wait( 'many', timeout => 0 )->raw;
            $queue->start( 'many', timeout => 0 );
            $queue->next->event->raw;
        }
        opendir my $folder, '/proc/self/fd' or die $!;
        my ($memory) = text_of('/proc/self/status') =~ /VmRSS:\s*(\d+)/;
        return ( $memory, scalar( () = readdir $folder ) );
    };
    $calls->(300);
    my @before = $calls->(100);
    my @after  = $calls->(700);

    # Answers that were not freed would be 11,000 KiB.
    cmp_ok( $after[0] - $before[0], '<', 4000 );
    is( $after[1], $before[1] );
};

done_testing;
