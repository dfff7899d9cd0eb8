package Server;

# The local server, as servers.py started it, what a test waits for, and programs beside the test.

use 5.014;
use strict;
use warnings;

use Exporter    qw(import);
use HTTP::Tiny  ();
use JSON::PP    ();
use Test::More  ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(PATIENCE await await_waiting child failure_of finish signal_later text_of waiting);

use constant PATIENCE => 60;

# How many waits the server holds, for one event or for all.
sub waiting {
    my ($event) = @_;
    my $url     = "$ENV{ANCHORBROWSER_BASE_URL}/admin/state";
    my $answer  = HTTP::Tiny->new->get( $url, { headers => { 'anchor-admin-token' => $ENV{ANCHOR_TEST_ADMIN_TOKEN} } } );
    my $state   = JSON::PP::decode_json( $answer->{content} );
    return defined $event ? scalar grep { $_->{event} eq $event } @{ $state->{waiting} } : $state->{waitingCount};
}

# Returns when it holds.
sub await {
    my ($condition) = @_;
    my $deadline = time + PATIENCE;
    while ( !$condition->() ) {
        die "it does not come\n" if time > $deadline;
        sleep 0.01;
    }
    return;
}

sub await_waiting {
    my ( $event, $count ) = @_;
    return await( sub { return waiting($event) == $count } );
}

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/ = undef;
    my $text = <$file>;
    close $file;
    return $text;
}

# What a call dies with.
sub failure_of {
    my ($call) = @_;
    my $failure = eval { $call->(); 1 } ? undef : $@;
    Test::More::ok( defined $failure, 'it dies' );
    return $failure // q{};
}

# A program of its own, in Perl. Returns its process, its input and its output.
sub child {
    my ($program) = @_;
    pipe my $read,   my $write or die $!;
    pipe my $theirs, my $input or die $!;
    my $process = fork // die $!;
    if ( !$process ) {
        open STDIN,  '<&', $theirs or die $!;
        open STDOUT, '>&', $write  or die $!;
        open STDERR, '>&', $write  or die $!;
        close $input;
        exec $^X, ( map { "-I$_" } @INC ), '-e', $program or die $!;
    }
    close $write;
    close $theirs;
    return ( $process, $input, $read );
}

# The status that a process ends with, and what it has printed.
sub finish {
    my ( $process, $output ) = @_;
    local $/ = undef;
    my $printed = $output ? <$output> : q{};
    waitpid $process, 0;
    return ( $?, $printed );
}

# Signals an event from another process, when a wait for it is blocked. Returns the process.
sub signal_later {
    my ( $event, $data, $then ) = @_;
    my $process = fork // die $!;
    return $process if $process;
    my $succeeds = eval {
        await_waiting( $event, 1 );
        $then->() if $then;
        Anchor::Events->new->signal( $event, $data );
        1;
    };
    require POSIX;
    return POSIX::_exit( $succeeds ? 0 : 1 );
}

1;
