"""VGG-19 from the raw MatConvNet weights, written out by hand. It knows nothing of style transfer.

Read in this order:

1. `matconvnet`  the `.mat` file → kernels, biases, mean colour
2. `layers`      the table of the 37 layers, conv1_1 … pool5
3. `network`     convolution, ReLU and pooling, and the forward pass
4. `normalize`   the paper's network: every filter's mean activation is 1
5. `deconvnet`   from one activation back to the pixels that caused it

`python -m vgg` is a microscope made of these; `microscope` holds what its commands compute and draw.
`optimizers` minimise a function of a picture, which is how one looks into the network and how one transfers style.
"""
