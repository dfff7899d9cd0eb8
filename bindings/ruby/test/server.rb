# frozen_string_literal: true

require 'anchor_events'
require 'minitest'
require 'net/http'

# What tests share: the local server, as servers.py started it, and what a test waits for.
class ServerTest < Minitest::Test
  PATIENCE = 60

  # A test, by a sentence with the numbers of conformance.md that it covers.
  def self.test(sentence, &)
    define_method("test_#{sentence.gsub(/\W+/, '_')}", &)
  end

  def client
    @client ||= AnchorEvents::Client.new
  end

  # How many waits the server holds, for one event or for all.
  def waiting(event = nil)
    uri = URI("#{ENV.fetch('ANCHORBROWSER_BASE_URL')}/admin/state")
    state = JSON.parse(Net::HTTP.get(uri, { 'anchor-admin-token' => ENV.fetch('ANCHOR_TEST_ADMIN_TOKEN') }))
    event ? state['waiting'].count { |wait| wait['event'] == event } : state['waitingCount']
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # Returns when it holds.
  def until_true
    deadline = now + PATIENCE
    until yield
      raise 'it does not come' if now > deadline

      sleep 0.01
    end
  end

  def until_waiting(event, count = 1)
    until_true { waiting(event) == count }
  end

  # A thread whose exception is for the test alone.
  def beside(&block)
    Thread.new do
      Thread.current.report_on_exception = false
      block.call
    end
  end

  def outcome_of(thread)
    assert thread.join(PATIENCE), 'the thread does not end'
    thread.value
  rescue Minitest::Assertion
    raise
  rescue StandardError => e
    e
  end

  # Runs a program of its own, which has $client.
  def child(program, **options)
    program = "require 'anchor_events'; $stdout.sync = true; $client = AnchorEvents::Client.new; #{program}"
    IO.popen([RbConfig.ruby, '-e', program], 'r+', **options)
  end

  # The next line that a program prints.
  def line_of(program)
    Timeout.timeout(PATIENCE, nil, 'the program prints nothing') { program.gets }
  end

  def end_of(program)
    Timeout.timeout(PATIENCE) do
      printed = program.read
      program.close
      [printed, $CHILD_STATUS]
    end
  end
end
