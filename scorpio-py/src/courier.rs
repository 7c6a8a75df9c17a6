//! Calls into event loops. One thread does it, so that the threads of the engine never wait for Python's global lock, and so that what
//! comes together is delivered together.

use std::sync::{LazyLock, mpsc};

use pyo3::{intern, prelude::*};

/// Something to be called on an event loop.
pub(crate) struct Delivery {
    event_loop: Py<PyAny>,
    call: Py<PyAny>,
    argument: Py<PyAny>,
}

static COURIER: LazyLock<mpsc::Sender<Delivery>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    // Without the thread nothing can be delivered, and every send says so.
    let _ = std::thread::Builder::new().name("scorpio-courier".to_owned()).spawn(move || carry(&receiver));
    sender
});

/// Makes a delivery soon. It is not made when the loop is closed by then.
pub(crate) fn deliver(delivery: Delivery) {
    // The other end is only gone when the interpreter is.
    let _ = COURIER.send(delivery);
}

fn carry(deliveries: &mpsc::Receiver<Delivery>) {
    while let Ok(first) = deliveries.recv() {
        let attached = Python::try_attach(|py| {
            let mut next = Some(first);
            while let Some(delivery) = next {
                delivery.make(py);
                next = deliveries.try_recv().ok();
            }
        });
        if attached.is_none() {
            return;
        }
    }
}

impl Delivery {
    /// A call of `call(argument)` by `event_loop`.
    pub(crate) fn new(event_loop: &Bound<'_, PyAny>, call: Bound<'_, PyAny>, argument: &Bound<'_, PyAny>) -> Self {
        Self { event_loop: event_loop.clone().unbind(), call: call.unbind(), argument: argument.clone().unbind() }
    }

    fn make(self, py: Python<'_>) {
        let Self { event_loop, call, argument } = self;
        // It fails only when the loop is closed; nobody waits then.
        let _ = event_loop.bind(py).call_method1(intern!(py, "call_soon_threadsafe"), (call, argument));
    }
}
