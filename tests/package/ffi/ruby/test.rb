# The Ruby module against a running event server. Each line that is printed is a case that holds.
require_relative 'anchor'
require 'net/http'

$stdout.sync = true
Thread.report_on_exception = false
CLIENT = Anchor::Client.new
# Longer than a busy machine takes for anything here, in seconds.
PATIENCE = 120

def waits_at_the_server
  uri = URI("#{ENV.fetch('ANCHORBROWSER_BASE_URL')}/admin/state")
  answer = Net::HTTP.get(uri, { 'anchor-admin-token' => ENV.fetch('ANCHOR_TEST_ADMIN_TOKEN') })
  JSON.parse(answer).fetch('waitingCount')
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def until_waiting(count)
  deadline = now + PATIENCE
  until waits_at_the_server == count
    raise 'it does not come' if now > deadline

    sleep 0.01
  end
end

def check(holds, what)
  raise what.inspect unless holds
end

def error_of
  yield
  raise 'it succeeds'
rescue Anchor::Error => e
  e
end

def signals_and_waits
  waiting = Thread.new { CLIENT.wait('ruby', timeout: PATIENCE) }
  # It is seen to wait while this thread runs: the interpreter's lock is free.
  until_waiting(1)
  CLIENT.signal('ruby', { code: '123456 ✓' })
  check(waiting.value['data'] == { 'code' => '123456 ✓' }, waiting.value)
end

def times_out
  # On a busy machine the request may not be sent within a shorter time.
  error = error_of { CLIENT.wait('quiet', timeout: 2) }
  check(error.is_a?(Anchor::Timeout) && error.details['code'] == 408, error.details)
end

def cancels_from_another_thread
  token = Anchor::CancelToken.new
  waiting = Thread.new { error_of { CLIENT.wait('quiet', timeout: PATIENCE, cancel: token) } }
  until_waiting(1)
  token.cancel
  check(waiting.value.is_a?(Anchor::Cancelled), waiting.value)
  until_waiting(0)
end

def signals_end_in_time_or_when_they_are_cancelled
  token = Anchor::CancelToken.new
  CLIENT.signal('ruby', { n: 1 }, timeout: 30, cancel: token)
  check(CLIENT.wait('ruby', timeout: 30)['data'] == { 'n' => 1 }, 'the data')
  token.cancel
  error = error_of { CLIENT.signal('ruby', timeout: 0) }
  check(error.status == 'ANCHOR_INVALID_ARGUMENT', error.details)
  check(error_of { CLIENT.signal('ruby', cancel: token) }.is_a?(Anchor::Cancelled), 'it was sent')
end

def names_what_is_wrong
  error = error_of { CLIENT.wait('..') }
  check(error.status == 'ANCHOR_INVALID_ARGUMENT' && error.message.include?('event_name'), error.details)
end

def leaks_nothing
  calls(2000)
  before = footprint
  calls(10_000)
  after = footprint
  puts "memory #{before[0]} -> #{after[0]} KiB, descriptors #{before[1]} -> #{after[1]}"
  # An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
  check(after[0] - before[0] < 15_000 && after[1] - before[1] < 100, after)
end

def calls(count)
  (count / 2).times do
    CLIENT.signal('many', { filler: 'x' * 8192 })
    CLIENT.wait('many', timeout: PATIENCE)
  end
  GC.start
end

def footprint
  [File.read('/proc/self/status')[/VmRSS:\s*(\d+)/, 1].to_i, Dir.children('/proc/self/fd').size]
end

%i[signals_and_waits times_out cancels_from_another_thread signals_end_in_time_or_when_they_are_cancelled names_what_is_wrong
   leaks_nothing].each do |name|
  send(name)
  puts "ok #{name}"
end
