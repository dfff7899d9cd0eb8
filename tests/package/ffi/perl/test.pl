# The Perl module against a running event server. Each line that is printed is a case that holds.
use strict;
use warnings;
use utf8;
use FindBin ();
use lib $FindBin::Bin;
use Anchor;
use IO::Poll qw(POLLIN);

my $client = Anchor->new;

# Longer than a busy machine takes for anything here, in milliseconds.
my $patience = 120_000;

sub is_readable {
    my ($fd, $timeout_ms) = @_;
    return IO::Poll::_poll($timeout_ms, $fd, my $events = POLLIN) == 1;
}

# The status that a call dies with, and its other details.
sub failure {
    my ($call) = @_;
    eval { $call->(); 1 } and die 'it succeeds';
    die $@ unless ref $@;
    return $@;
}

sub check {
    my ($holds, @what) = @_;
    die "does not hold: @what" unless $holds;
}

sub signals_and_waits {
    my $wait = $client->start('perl', $patience);
    check(failure(sub { $wait->finish(0) })->{status} eq 'ANCHOR_PENDING');
    $client->signal('perl', { code => '123456 ✓' });
    check(is_readable($wait->fd, $patience), 'it ends');
    check($wait->finish->{data}{code} eq '123456 ✓');
}

sub times_out {
    # On a busy machine the request may not be sent within a shorter time.
    my $failure = failure(sub { $client->wait_for('quiet', 2_000) });
    check($failure->{status} eq 'ANCHOR_TIMEOUT' && $failure->{code} == 408, %$failure);
}

# The wait blocks on a thread of the library.
sub cancels_from_another_thread {
    my $wait = $client->start('quiet', $patience);
    check(!is_readable($wait->fd, 0), 'it blocks');
    $wait->cancel;
    check(failure(sub { $wait->finish })->{status} eq 'ANCHOR_CANCELLED');
}

sub signals_have_a_timeout {
    $client->signal('perl', { n => 1 }, 30_000);
    check($client->wait_for('perl', 30_000)->{data}{n} == 1);
    my $failure = failure(sub { $client->signal('perl', {}, 0) });
    check($failure->{status} eq 'ANCHOR_INVALID_ARGUMENT' && $failure->{message} =~ /timeout_ms/, %$failure);
}

sub names_what_is_wrong {
    my $failure = failure(sub { $client->wait_for('..') });
    check($failure->{status} eq 'ANCHOR_INVALID_ARGUMENT' && $failure->{message} =~ /event_name/, %$failure);
}

sub leaks_nothing {
    calls(2_000);
    my ($memory, $descriptors) = footprint();
    calls(10_000);
    my ($memory_after, $descriptors_after) = footprint();
    print "memory $memory -> $memory_after KiB, descriptors $descriptors -> $descriptors_after\n";
    # An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
    check($memory_after - $memory < 10_000 && $descriptors_after - $descriptors < 100);
}

# JSON::PP is slow on long texts: the filler is signaled, and left as text when it comes back.
sub calls {
    my ($count) = @_;
    my $data = '{"filler":"' . 'x' x 8192 . '"}';
    for (1 .. $count / 2) {
        check(Anchor::anchor_signal_event($$client, 'many', $data, Anchor::REQUEST_TIMEOUT, undef, undef) == 0);
        check(Anchor::anchor_wait_for_event($$client, 'many', $patience, undef, \my $json) == 0);
        Anchor::anchor_string_free($json);
    }
}

sub footprint {
    open my $file, '<', '/proc/self/status' or die $!;
    my ($memory) = join('', <$file>) =~ /VmRSS:\s*(\d+)/;
    opendir my $folder, '/proc/self/fd' or die $!;
    return ($memory, scalar(() = readdir $folder));
}

for my $name (qw(signals_and_waits times_out cancels_from_another_thread signals_have_a_timeout names_what_is_wrong
    leaks_nothing)) {
    no strict 'refs';
    &$name();
    print "ok $name\n";
}
