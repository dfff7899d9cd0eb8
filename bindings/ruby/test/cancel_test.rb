# frozen_string_literal: true

require 'server'

# How calls end before their time.
class CancelTest < ServerTest
  test 'C13 C14 C15: a token ends calls' do
    token = AnchorEvents::CancelToken.new
    calls = Array.new(2) { beside { client.wait('cancelled', cancel: token) } }
    until_waiting('cancelled', 2)
    calls << beside { client.signal('hang', cancel: token) }
    until_true { client.stats['connections']['waiting'] == 3 }
    refute_predicate token, :cancelled?
    token.cancel
    calls.each { |call| assert_instance_of AnchorEvents::Cancelled, outcome_of(call) }
    until_waiting('cancelled', 0)

    assert_predicate token, :cancelled?
    waits = client.stats['waits']
    %i[wait signal drain].each do |call|
      error = assert_raises(AnchorEvents::Cancelled) { client.public_send(call, 'x', cancel: token) }
      assert_equal :cancelled, error.status
    end
    assert_equal waits, client.stats['waits']
    assert_raises(TypeError) { client.wait('x', cancel: 1) }
  end

  test 'C13: a trap may cancel' do
    token = AnchorEvents::CancelToken.new
    before = trap('USR1') { token.cancel }
    calls = [beside { client.wait('trapped', cancel: token) }, beside { client.signal('hang', cancel: token) }]
    until_waiting('trapped')
    until_true { client.stats['connections']['waiting'] == 2 }
    Process.kill('USR1', Process.pid)
    calls.each { |call| assert_instance_of AnchorEvents::Cancelled, outcome_of(call) }
  ensure
    trap('USR1', before)
  end

  test 'C13 C15: Timeout.timeout ends calls' do
    [-> { client.wait('timed', timeout: nil) }, -> { client.signal('hang') }, -> { client.events('timed').next },
     -> { client.queue.tap { |queue| queue.start('timed', timeout: nil) }.pop }].each do |call|
      error = assert_raises(Timeout::Error) { Timeout.timeout(0.2) { call.call } }
      refute_kind_of AnchorEvents::Error, error
    end
    GC.start
    until_true { client.stats['connections']['waiting'].zero? }
  end

  test 'C13 C15: Thread#kill and Thread#raise end calls' do
    { 'killed' => :kill, 'raised' => :raise }.each do |name, method|
      calls = [beside { client.wait(name, timeout: nil) }, beside { client.signal('hang') }]
      until_waiting(name)
      until_true { client.stats['connections']['waiting'] == 2 }
      calls.each(&method)
      calls.each { |call| outcome_of(call) }
      until_waiting(name, 0)
      until_true { client.stats['connections']['waiting'].zero? }
    end
  end

  # Another process signals, and this thread keeps the interpreter's lock until the answer was read. So the thread that waits
  # has not taken it yet when this one ends the wait.
  def end_as_it_arrives(name, **options)
    own = AnchorEvents::Client.new
    sender = child('while (name = gets) do $client.signal(name.chomp, { for: name.chomp }) end')
    wait = beside { own.wait(name, timeout: nil, **options) }
    until_waiting(name)
    sender.puts(name)
    nil while own.stats['answers'].zero?
    yield wait
    [own, outcome_of(wait)]
  ensure
    sender.close
  end

  test 'C16: an event that arrived as its thread was killed is kept' do
    outcomes = Array.new(10) do |round|
      own, event = end_as_it_arrives("killed_#{round}", &:kill)
      (event || own.wait("killed_#{round}", timeout: 0)).tap { |it| assert_equal({ 'for' => "killed_#{round}" }, it.data) }
      assert_equal 1, own.stats['waits']
      event
    end
    assert_includes outcomes, nil
  end

  test 'C16: an event that arrived as its token was cancelled is returned' do
    5.times do |round|
      token = AnchorEvents::CancelToken.new
      _, event = end_as_it_arrives("token_#{round}", cancel: token) { token.cancel }
      assert_equal({ 'for' => "token_#{round}" }, event.data)
    end
  end

  test 'C19: closing ends waits' do
    own = AnchorEvents::Client.new
    queue = own.queue
    queue.start('closed')
    wait = beside { own.wait('closed') }
    until_waiting('closed', 2)
    own.close
    assert_instance_of AnchorEvents::Cancelled, outcome_of(wait)
    assert_equal :cancelled, queue.pop.error.status
    until_waiting('closed', 0)
    own.close
    calls = [-> { own.wait('x') }, -> { own.signal('x') }, -> { own.drain('x') }, -> { own.queue }, -> { queue.start('x') },
             -> { own.stats }, -> { own.api_key = 'x' }]
    calls.each { |call| assert_match(/closed/, assert_raises(AnchorEvents::ClosedError, &call).message) }
  end

  test 'C19: a client is closed with its block' do
    inner = nil
    assert_equal(7, AnchorEvents::Client.open { |it| (inner = it) && 7 })
    assert_raises(AnchorEvents::ClosedError) { inner.wait('x') }
  end
end
