"""Where the weights come from: `python -m weights download | learn | verify`. The `.mat` files live in this folder."""
