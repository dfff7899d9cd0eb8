# frozen_string_literal: true

require 'server'
require 'scheduler'

# Many waits in one thread.
class QueueTest < ServerTest
  MANY = 500

  def threads_of_the_process
    File.read('/proc/self/status')[/Threads:\s+(\d+)/, 1].to_i
  end

  test 'C39 C40: many waits take no thread, and other threads go on' do
    before = threads_of_the_process
    queue = client.queue
    MANY.times { |job| queue.start("many_#{job}", timeout: 120, tag: job) }
    until_true { waiting == MANY }
    ticks = 0
    ticking = Thread.new { loop { (ticks += 1) && sleep(0.001) } }
    taking = beside { queue.to_h { |ended| [ended.tag, ended.value.data['job']] } }
    until_true { ticks > 20 }
    # The one of the library, and the two of this test.
    assert_operator threads_of_the_process, :<=, before + 5
    MANY.times { |job| client.signal("many_#{job}", { job: job }) }
    assert_equal((0...MANY).to_h { |job| [job, job] }, outcome_of(taking))
    assert_empty queue
  ensure
    ticking.kill
  end

  test 'C40 C13: fibers of a scheduler wait in one thread' do
    before = threads_of_the_process
    events = []
    all_wait = Thread::Queue.new
    thread = Scheduler.start do
      50.times { |job| Fiber.schedule { events << client.wait("fiber_#{job}", timeout: 120).data['job'] } }
      Fiber.schedule { all_wait.pop && 50.times { |job| client.signal("fiber_#{job}", { job: job }) } }
    end
    until_true { waiting == 50 }
    # The one of the library, and that of the scheduler.
    assert_operator threads_of_the_process, :<=, before + 4
    all_wait << true
    outcome_of(thread)
    assert_equal [*0...50], events.sort
  end

  test 'C03: a queue takes waits as they end' do
    queue = client.queue
    queue.start('first')
    cancelled = queue.start('second', tag: 2)
    queue.start('third', timeout: 0.2)
    assert_equal 3, queue.size
    timed_out = queue.pop
    assert_equal ['third', nil], [timed_out.name, timed_out.event]
    assert_raises(AnchorEvents::EventTimeout) { timed_out.value }
    cancelled.cancel
    ended = queue.pop
    assert_equal [2, :cancelled], [ended.tag, ended.error.status]
    assert_nil queue.pop(timeout: 0)
    client.signal('first', { n: 1 })
    other, = IO.pipe
    assert_equal [[queue], [], []], IO.select([queue, other], nil, nil, PATIENCE)
    assert_equal 1, queue.pop(timeout: 0).value.data['n']
    assert_nil queue.pop
  end

  test 'C13 C16: what ends a pop ends no wait' do
    queue = client.queue
    queue.start('popped', timeout: nil)
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { queue.pop } }
    client.signal('popped', { n: 1 })
    assert_equal 1, queue.pop.value.data['n']
  end

  test 'C19: a queue that is closed cancels its waits' do
    queue = client.queue
    queue.start('of_queue', timeout: nil)
    until_waiting('of_queue')
    queue.close
    until_waiting('of_queue', 0)
    queue.close
    [-> { queue.start('x') }, -> { queue.pop }, -> { queue.to_io }, -> { queue.cancel }].each do |call|
      assert_raises(AnchorEvents::ClosedError, &call)
    end
  end

  test 'C42: garbage is collected during a wait' do
    wait = beside { AnchorEvents::Client.new.wait('collected') }
    of_no_client = AnchorEvents::Client.new.queue.tap { |queue| queue.start('of_no_client') }
    until_waiting('collected')
    until_waiting('of_no_client')
    5.times do
      GC.start
      GC.compact
    end
    %w[collected of_no_client].each { |name| client.signal(name, { still: 'there' }) }
    assert_equal({ 'still' => 'there' }, outcome_of(wait).data)
    assert_equal({ 'still' => 'there' }, of_no_client.pop.value.data)
  end

  test 'C42: a queue that nobody refers to ends its waits' do
    Thread.new { client.queue.start('forgotten', timeout: nil) }.join
    until_true do
      GC.start
      waiting('forgotten').zero?
    end
  end
end
