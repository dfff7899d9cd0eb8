# frozen_string_literal: true

# The smallest Fiber::Scheduler that waits for descriptors, times and other threads.
class Scheduler
  def self.start(&)
    Thread.new do
      Fiber.set_scheduler(new)
      Fiber.schedule(&)
    end
  end

  def initialize
    @readable = {}
    @sleeping = {}
    @unblocked = Thread::Queue.new
    @wake, @waker = IO.pipe
    @blocked = 0
  end

  def close
    run
  end

  def run
    until @readable.empty? && @sleeping.empty? && @blocked.zero? && @unblocked.empty?
      resume_unblocked
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @sleeping.select { |_, time| time <= now }.each_key { |fiber| @sleeping.delete(fiber) && fiber.resume }
      next unless (ready, = IO.select([@wake, *@readable.keys], nil, nil, @sleeping.empty? ? 1 : 0.005))

      ready.each { |io| io == @wake ? @wake.read_nonblock(1024) : @readable.delete(io).resume }
    end
  end

  def io_wait(io, events, _timeout)
    @readable[io] = Fiber.current
    Fiber.yield
    events
  end

  def kernel_sleep(duration = nil)
    duration && (@sleeping[Fiber.current] = Process.clock_gettime(Process::CLOCK_MONOTONIC) + duration)
    Fiber.yield
  end

  def block(_blocker, _timeout = nil)
    @blocked += 1
    Fiber.yield
    true
  end

  def unblock(_blocker, fiber)
    @unblocked << fiber
    @waker.write_nonblock('.')
  end

  def fiber(&)
    Fiber.new(blocking: false, &).tap(&:resume)
  end

  private

  def resume_unblocked
    until @unblocked.empty?
      @blocked -= 1
      @unblocked.pop.resume
    end
  end
end
