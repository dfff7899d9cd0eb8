# frozen_string_literal: true

require 'server'

# Calls that block, and their arguments.
class ClientTest < ServerTest
  test 'C01 C41: a blocked wait gets the event' do
    wait = beside { client.wait('blocked') }
    until_waiting('blocked')
    client.signal('blocked', { code: '123456' })
    event = outcome_of(wait)
    assert_equal ['blocked', { 'code' => '123456' }], [event.name, event.data]
  end

  test 'C02 C10: a signal before the wait is kept' do
    client.signal('kept')
    assert_equal({}, client.wait('kept', timeout: 0).data)
  end

  test 'C03: each signal ends one wait' do
    waits = Array.new(4) { beside { client.wait('several') } }
    until_waiting('several', 4)
    4.times { |number| client.signal('several', { number: number }) }
    assert_equal([0, 1, 2, 3], waits.map { |wait| outcome_of(wait).data['number'] }.sort)
  end

  test 'C04 C05 C21: a wait ends at its timeout' do
    [0, 0.2, Rational(1, 5)].each do |timeout|
      began = now
      error = assert_raises(Timeout::Error) { client.wait('quiet', timeout: timeout) }
      assert_operator now - began, :>=, timeout
      assert_instance_of AnchorEvents::EventTimeout, error
      assert_kind_of AnchorEvents::Error, error
      assert_equal [:timeout, 408, :receive], [error.status, error.code, error.phase]
      assert_equal [true, false], [error.timed_out?, error.maybe_consumed?]
    end
  end

  test 'C06: a wait without limit' do
    wait = beside { client.wait('endless', timeout: nil) }
    until_waiting('endless')
    client.signal('endless')
    assert_equal({}, outcome_of(wait).data)
  end

  test 'C07 C08: data arrives as it was sent' do
    data = {
      'null' => nil,
      'booleans' => [true, false],
      'numbers' => [0, -1, 2**53, 10**30, 0.1, 1e300, -0.0],
      'text' => %(\0 \u2713 \u{1f511} \\ " \n),
      'nested' => { '' => [[], {}, [{ 'a' => [nil] }]] },
      'deep' => 200.times.reduce([]) { |inner, _| [inner] }
    }
    client.signal('kinds', data)
    event = client.wait('kinds', timeout: 0)
    assert_equal data, event.data
    assert event.raw.start_with?('{"data":')
    assert_equal [Encoding::UTF_8, true], [event.raw.encoding, event.raw.valid_encoding?]
  end

  test 'C07: symbols and text of other encodings' do
    client.signal('encoded', { text: 'é'.encode('ISO-8859-1'), symbol: :value })
    assert_equal({ 'text' => 'é', 'symbol' => 'value' }, client.wait('encoded', timeout: 0).data)
  end

  test 'C09: any text is a name' do
    ['a b/c', '100%', '%2F', "événement ✓ \u{1f511}", '...', 'a?b#c'].each do |name|
      client.signal(name, { name: name })
      assert_equal({ 'name' => name }, client.wait(name, timeout: 0).data)
    end
  end

  test 'C11: events in a loop, in a block and in an enumerator' do
    5.times { |number| client.signal('loop', { number: number }) }
    taken = []
    client.events('loop') do |event|
      taken << event.data['number']
      break if taken.size == 2
    end
    taken << client.events('loop').next.data['number']
    taken += client.events('loop').lazy.map { |event| event.data['number'] }.first(1)
    assert_equal [0, 1, 2, 3], taken
    assert_equal 4, client.wait('loop', timeout: 0).data['number']
  end

  test 'C12: a drain counts what it drops' do
    3.times { client.signal('drained') }
    assert_equal 3, client.drain('drained')
    assert_equal 0, client.drain('drained', timeout: 0)
  end

  CALLS = { wait: ->(client, *rest) { client.wait(*rest) },
            signal: ->(client, *rest) { client.signal(*rest) },
            drain: ->(client, *rest) { client.drain(*rest) },
            events: ->(client, *rest) { client.events(*rest).next },
            start: ->(client, *rest) { client.queue.start(*rest) } }.freeze

  CALLS.each do |call, function|
    test "C26: #{call} refuses what is no name" do
      [nil, 1, :symbol, ['name']].each do |wrong|
        error = assert_raises(TypeError) { function.call(client, wrong) }
        assert_match(/event name must be a String/, error.message)
      end
      assert_raises(ArgumentError) { function.call(client) } unless call == :events
    end

    test "C27: #{call} refuses a name that is none" do
      ['', '.', '..', 'x' * 4097].each do |wrong|
        error = assert_raises(AnchorEvents::InvalidArgument) { function.call(client, wrong) }
        assert_match(/event_name/, error.message)
        assert_kind_of ArgumentError, error
      end
    end

    test "C28: #{call} refuses U+0000, and bytes that are no text" do
      assert_match(/U\+0000/, assert_raises(ArgumentError) { function.call(client, "cut\0off") }.message)
      ["\xff", "\xff".b, "\xd8\x00".dup.force_encoding('UTF-16BE')].each do |wrong|
        error = assert_raises(ArgumentError) { function.call(client, wrong) }
        assert_match(/event name is not valid UTF-8/, error.message)
      end
    end
  end

  TIMES = { -1 => ArgumentError, -0.001 => ArgumentError, Float::INFINITY => ArgumentError, Float::NAN => ArgumentError,
            1e300 => ArgumentError, '1' => TypeError, true => TypeError, Complex(1, 1) => TypeError }.freeze

  test 'C29: a time that is none is refused' do
    TIMES.each do |timeout, refusal|
      calls = [-> { client.wait('x', timeout: timeout) }, -> { client.signal('x', timeout: timeout) },
               -> { client.drain('x', timeout: timeout) }, -> { client.queue.pop(timeout: timeout) }]
      calls.each { |call| assert_match(/timeout/, assert_raises(refusal, &call).message) }
      assert_match(/grace/, assert_raises(refusal) { AnchorEvents::Client.new(grace: timeout) }.message)
    end
  end

  test 'C30: data that JSON cannot express is refused' do
    wrong = { [] => TypeError, 'text' => TypeError, nil => TypeError, { nil => 1 } => TypeError,
              { x: Object.new } => TypeError, { x: Time.now } => TypeError,
              { x: Float::INFINITY } => ArgumentError, { x: [Float::NAN] } => ArgumentError,
              { x: "\xff" } => ArgumentError }
    wrong.each { |data, refusal| assert_raises(refusal) { client.signal('refused', data) } }
    assert_equal 0, client.drain('refused')
  end

  test 'C32: options count for one call' do
    options = { request_id: 'trace-1', headers: { 'x-one' => '1' } }
    error = assert_raises(AnchorEvents::Error) { client.wait('status_400', **options) }
    assert_equal 'trace-1', error.details['requestId']
    error = assert_raises(AnchorEvents::Error) { client.wait('status_503', timeout: 30, retries: 0) }
    assert_equal 1, error.details['attempts']
    assert_match(/retry/, assert_raises(ArgumentError) { client.wait('x', retry: 0) }.message)
    error = assert_raises(AnchorEvents::InvalidArgument) { client.wait('x', headers: { 'content-length' => '1' }) }
    assert_match(/header/, error.message)
  end

  test 'C41: threads share a client' do
    threads = Array.new(8) do |thread|
      beside do
        Array.new(25) do |job|
          client.signal("job_#{thread}_#{job}", { job: job })
          client.wait("job_#{thread}_#{job}", timeout: 30).data['job']
        end
      end
    end
    threads.each { |thread| assert_equal [*0...25], outcome_of(thread) }
  end
end
