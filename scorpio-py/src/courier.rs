//! Calls into event loops. One thread makes them, so that the threads of the engine never wait for Python's global lock, and so that
//! what comes together is delivered together.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use pyo3::{intern, prelude::*, types::PyDict};

type Errand = Box<dyn FnOnce(Python<'_>) + Send>;

/// How long the end of the process waits for the courier.
const GRACE: Duration = Duration::from_secs(1);

static COURIER: Mutex<Courier> = Mutex::new(Courier::Unused);

enum Courier {
    Unused,
    Running {
        errands: mpsc::Sender<Errand>,
        /// Nothing is ever sent: it breaks when the thread is over.
        over: mpsc::Receiver<()>,
    },
    Stopped,
}

/// Has the courier do something that needs Python's global lock. It must not block.
pub(crate) fn send(errand: impl FnOnce(Python<'_>) + Send + 'static) {
    let mut courier = lock();
    if let Courier::Unused = *courier {
        let (errands, received) = mpsc::channel();
        let (working, over) = mpsc::channel();
        let carry = move || {
            carry(&received);
            drop(working);
        };
        // Without the thread every send fails, as it does when the interpreter is gone.
        let _ = std::thread::Builder::new().name("scorpio-courier".to_owned()).spawn(carry);
        *courier = Courier::Running { errands, over };
    }
    if let Courier::Running { errands, .. } = &*courier {
        let _ = errands.send(Box::new(errand));
    }
}

/// Ends the courier after the errands that it has. To be called when the interpreter is about to end, without the global lock: a
/// thread that waits for the lock while the interpreter ends takes the process down.
pub(crate) fn stop() {
    let courier = std::mem::replace(&mut *lock(), Courier::Stopped);
    if let Courier::Running { errands, over } = courier {
        drop(errands);
        let _ = over.recv_timeout(GRACE);
    }
}

fn lock() -> MutexGuard<'static, Courier> {
    COURIER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn carry(errands: &mpsc::Receiver<Errand>) {
    while let Ok(first) = errands.recv() {
        let attached = Python::try_attach(|py| {
            first(py);
            while let Ok(errand) = errands.try_recv() {
                errand(py);
            }
        });
        if attached.is_none() {
            return;
        }
    }
}

/// A call that an event loop is to make.
pub(crate) struct LoopCall {
    event_loop: Py<PyAny>,
    function: Py<PyAny>,
    argument: Py<PyAny>,
}

impl LoopCall {
    /// The call `function(argument)`.
    pub(crate) fn new(
        event_loop: &Bound<'_, PyAny>,
        function: Bound<'_, PyAny>,
        argument: &Bound<'_, PyAny>,
    ) -> Self {
        let (event_loop, argument) = (event_loop.clone().unbind(), argument.clone().unbind());
        Self { event_loop, function: function.unbind(), argument }
    }

    /// Has the loop make the call soon.
    ///
    /// # Errors
    ///
    /// When the loop is closed.
    pub(crate) fn make(self, py: Python<'_>, context: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        let options = context.map(|context| -> PyResult<_> {
            let options = PyDict::new(py);
            options.set_item(intern!(py, "context"), context)?;
            Ok(options)
        });
        let options = options.transpose()?;
        let arguments = (self.function, self.argument);
        let name = intern!(py, "call_soon_threadsafe");
        self.event_loop.bind(py).call_method(name, arguments, options.as_ref()).map(drop)
    }
}

/// Makes calls soon. Those of loops that are closed by then are not made: nobody waits for them.
pub(crate) fn make_soon(calls: Vec<LoopCall>) {
    if !calls.is_empty() {
        send(move |py| calls.into_iter().for_each(|call| drop(call.make(py, None))));
    }
}
