# frozen_string_literal: true

require 'server'

# What concerns the whole process: Ctrl-C, traps, exit, fork, memory.
class ProcessTest < ServerTest
  def interrupt(program)
    until_true { File.read("/proc/#{program.pid}/stat")[/.*\) (\w)/, 1] == 'S' }
    Process.kill('INT', program.pid)
  end

  { wait: 'wait("ctrl_c_wait", timeout: nil)', events: 'events("ctrl_c_events").next',
    queue: 'queue.tap { |it| it.start("ctrl_c_queue", timeout: nil) }.pop' }.each do |name, call|
    test "C17: Ctrl-C ends a wait of #{name}" do
      program = child("$client.#{call}", err: %i[child out])
      until_waiting("ctrl_c_#{name}")
      interrupt(program)
      printed, status = end_of(program)
      assert_match(/Interrupt/, printed)
      assert_equal Signal.list['INT'], status.termsig
      until_waiting("ctrl_c_#{name}", 0)
    end
  end

  test 'C17 C15: Ctrl-C ends a signal' do
    program = child('begin; puts; $client.signal("hang", timeout: 3600); rescue Interrupt; puts "Ctrl-C"; end')
    line_of(program)
    interrupt(program)
    assert_equal "Ctrl-C\n", end_of(program).first
  end

  test 'C18: a trap that returns does not end a wait' do
    program = child('trap("USR1") { puts "handled" }; puts $client.wait("handled").data["n"]')
    until_waiting('handled')
    5.times do
      Process.kill('USR1', program.pid)
      assert_equal "handled\n", line_of(program)
    end
    assert_equal 1, waiting('handled')
    client.signal('handled', { n: 7 })
    assert_equal "7\n", end_of(program).first
  end

  test 'C16 C17: a trap that raises as the event arrives loses no event' do
    program = child(<<~RUBY)
      class Stopped < StandardError; end
      trap('USR1') { raise Stopped }
      20.times do |number|
        event = nil
        begin
          event = $client.wait('raised', timeout: 60)
          sleep 30
          abort 'the trap raised nothing'
        rescue Stopped
          event ||= $client.wait('raised', timeout: 60)
        end
        puts event.data['number']
      end
    RUBY
    20.times do |number|
      until_waiting('raised')
      client.signal('raised', { number: number })
      Process.kill('USR1', program.pid)
      assert_equal "#{number}\n", line_of(program)
    end
    assert_equal '', end_of(program).first
  end

  test 'C17: what a trap raises in a call of the library is not swallowed' do
    program = child(<<~RUBY)
      class Stopped < StandardError; end
      raised = caught = 0
      trap('USR1') { raised += 1; raise Stopped }
      queue = $client.queue
      while caught < 200
        begin
          puts 'running'
          queue.cancel while raised == caught
          abort 'swallowed'
        rescue Stopped
          caught += 1
        end
      end
    RUBY
    200.times do
      assert_equal "running\n", line_of(program)
      Process.kill('USR1', program.pid)
    end
    printed, status = end_of(program)
    assert_equal ['', 0], [printed, status.exitstatus]
  end

  { 'a thread' => 'Thread.new { $client.wait("exit_0", timeout: nil) }',
    'a signal in a thread' => 'Thread.new { $client.signal("hang") }; Thread.new { $client.wait("exit_1", timeout: nil) }',
    'a queue' => '$queue = $client.queue; $queue.start("exit_2", timeout: nil)' }.each_with_index do |(what, start), number|
    test "C43: a process exits with #{what} open" do
      program = child("#{start}; gets; exit 7")
      until_waiting("exit_#{number}")
      began = now
      program.puts
      assert_equal 7, end_of(program).last.exitstatus
      # A signal would hang for the 30 seconds of its request timeout.
      assert_operator now - began, :<, 20
      until_waiting("exit_#{number}", 0)
    end
  end

  test 'C44: a child of fork uses a client and a queue of its parent' do
    client.signal('for_child', { for: 'the child' })
    queue = client.queue
    queue.start('of_parent')
    until_waiting('of_parent')
    process = fork do
      queue.start('nothing', timeout: 0)
      is_alone = queue.map { |ended| ended.error.status } == [:timeout]
      exit!(is_alone && client.wait('for_child', timeout: PATIENCE).data == { 'for' => 'the child' } ? 0 : 1)
    end
    assert_predicate Process.wait2(process).last, :success?
    client.signal('of_parent', { to: 'the parent' })
    assert_equal({ 'to' => 'the parent' }, queue.pop.value.data)
  end

  test 'C44: an event that was kept stays with the parent of a fork' do
    event = AnchorEvents::Event.new('kept', '{"data":{"for":"the parent"}}')
    client.instance_variable_get(:@kept).keep(event)
    process = fork do
      client.wait('kept', timeout: 0)
      exit!(1)
    rescue AnchorEvents::EventTimeout
      exit!(0)
    end
    assert_predicate Process.wait2(process).last, :success?
    assert_same event, client.wait('kept', timeout: 0)
  end

  test 'C44: a child that exits in the usual way leaves the waits of its parent alone' do
    program = child(<<~RUBY)
      queue = $client.queue
      queue.start('beside_child')
      Process.wait(fork { exit 3 })
      puts $?.exitstatus, queue.pop.value.data['n']
    RUBY
    until_waiting('beside_child')
    client.signal('beside_child', { n: 1 })
    assert_equal "3\n1\n", end_of(program).first
  end

  test 'C45: thousands of calls leave nothing behind' do
    token = AnchorEvents::CancelToken.new
    calls = lambda do |count|
      count.times do
        client.signal('many', { filler: 'x' * 8192 }, cancel: token)
        client.wait('many', timeout: 0, cancel: token)
      end
      GC.start
      [File.read('/proc/self/status')[/VmRSS:\s*(\d+)/, 1].to_i, Dir.children('/proc/self/fd').size]
    end
    calls.call(300)
    before = calls.call(300)
    after = calls.call(1000)
    # Answers that were not freed would be 8,000 KiB. This test's own connection may be gone.
    assert_operator after[0] - before[0], :<, 4_000
    assert_operator after[1], :<=, before[1]
  end
end
